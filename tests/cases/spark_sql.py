"""Spark's SQLTransformer: what is computed, and what is refused by name."""

from pyspark.ml import Pipeline
from pyspark.ml.classification import LogisticRegression
from pyspark.ml.feature import SQLTransformer, VectorAssembler

from tests.harness import Case
from tests.rigs.spark import lazy


def selected(items: str, data: str = "frame") -> Case:
    """A statement that adds these columns."""
    return Case(lazy(SQLTransformer, statement=f"SELECT *, {items} FROM __THIS__"), data=data)


def refused(items: str, why: str, reason: str) -> Case:
    statement = f"SELECT *, {items} FROM __THIS__"
    return Case(lazy(SQLTransformer, statement=statement), data="frame", refused=why, reason=reason)


TEXTBOOK = lazy(
    SQLTransformer,
    statement="SELECT *, (length + height) AS Total, (Length * HEIGHT) AS area, "
    "CASE WHEN city = 'Oslo' THEN 1.0 ELSE 0.0 END AS north FROM __THIS__",
)

CASES = [
    selected(
        "length + height AS a, length - 2 * height AS b, -length AS c, length / (abs(height) + 1) AS d, "
        "length % 3 AS e, length * 2.5 AS f, count + 1 AS g, count * count - 7 AS h, count / 2 AS i, 7 AS j"
    ),
    Case(
        lazy(SQLTransformer, statement="SELECT length / nullif(count, 0) AS ratio, count FROM __THIS__"),
        data="frame",
    ),
    selected("CASE WHEN count = 0 THEN 0 ELSE length / count END AS ratio, if(count > 2, 1, -1) AS sign"),
    selected("count > 0 AND 6 / count > 2 AS many, count = 0 OR 6 / count > 2 AS few"),
    selected(
        "length > height AS a, length <= 0.5 AS b, length >= height AS c, length <> height AS d, "
        "NOT flag AS e, length BETWEEN -1 AND 1 AS f, count IN (1, 3) AS g, flag = true AS h, "
        "length < count AS i"
    ),
    selected(
        "greatest(length, height, 0.25) AS a, least(length, height) AS b, isnan(length) AS c, "
        "nanvl(length, 0) AS d, round(length) AS e, floor(length) AS f, ceil(height) AS g, sign(length) AS h"
    ),
    selected(
        "exp(least(length, 10)) AS a, ln(length) AS b, log10(length) AS c, log(2, length) AS d, "
        "sqrt(length) AS e, power(length, 2) AS f, sin(least(greatest(length, -9), 9)) AS g"
    ),
    selected("cast(count AS double) AS a, cast(flag AS int) AS b, cast(count AS string) AS c"),
    selected("cast(least(greatest(length, -9), 9) AS int) AS a, cast(height AS bigint) AS b"),
    selected(
        "coalesce(city, 'none') AS a, lower(city) AS b, city || '-' || size AS c, length(size) * 1.0D AS d, "
        "coalesce(city = 'Oslo', false) AS e, coalesce(city IN ('Oslo', size), false) AS f, "
        "city IS NULL AS g, city <=> size AS i, CASE city WHEN 'Oslo' THEN 'O' WHEN '東京' THEN 'T' END AS h",
        data="gaps",
    ),
    selected(
        "upper(city) AS a, trim(city) AS b, ltrim(size) AS c, trim(BOTH 'Oo' FROM city) AS d, "
        "substring(city, 2, 3) AS e, left(size, 2) AS f, concat_ws('/', city, size) AS g, "
        "CASE WHEN city LIKE 'O%o' THEN 1 WHEN city NOT LIKE '__' THEN 2 ELSE 3 END AS h, "
        r"CASE WHEN city RLIKE '^[A-Z]' THEN 1 WHEN size RLIKE 'l+$' THEN 2 ELSE 3 END AS i, "
        "coalesce(startswith(city, 'Os'), false) AS j, coalesce(contains(city, 'l'), false) AS k, "
        "(city ILIKE 'OS%') IS TRUE AS l, nvl2(size, city, 'none') AS m, coalesce(size, city) AS n, "
        "coalesce(endswith(size, 'e'), false) AS o",
        data="gaps",
    ),
    selected(
        "log1p(abs(length)) AS a, cbrt(height) AS b, atan(length) AS c, "
        "asin(least(greatest(height, -1), 1)) AS d, "
        "degrees(length) AS e, radians(height) AS f, hypot(length, height) AS g, rint(length) AS h, "
        "round(height, 0) AS i, pi() * length AS j, count DIV 2 AS k, abs(count - 3) AS l, "
        "tanh(length) AS m, sinh(least(greatest(height, -9), 9)) AS n, cast(length AS float) AS o"
    ),
    Case(
        lazy(
            SQLTransformer,
            statement="SELECT city, length AS x FROM __THIS__ WHERE height > -1000 AND flag = FLAG",
        ),
        data="frame",
    ),
    Case(
        lazy(
            Pipeline,
            stages=[
                TEXTBOOK,
                lazy(VectorAssembler, inputCols=["total", "area", "north"], outputCol="features"),
                lazy(LogisticRegression, maxIter=5),
            ],
        ),
        data="frame",
    ),
    refused("coalesce(length, 0) AS a", "can't tell from NaN", "a missing number travels as NaN"),
    refused("count > nullif(count, 1) AS a", "may be null", "no truth in a graph can be missing"),
    refused("1.5 * 2 AS a", "in decimals", "decimals have digits of their own"),
    refused("image.height AS a", "a column of structs", "graphs have no structs, such as image rows"),
    refused("initcap(city) AS a", "isn't among", "one of the many functions that aren't converted"),
    refused("city RLIKE '(?i)oslo' AS a", "flags can't be had", "a flag changes what its letters mean"),
    refused("round(length, 2) AS a", "isn't among", "Spark rounds the digits that Java writes"),
    refused("length + height", "without a name", "Spark makes up a name of the expression"),
]
