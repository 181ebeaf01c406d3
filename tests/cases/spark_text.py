"""Spark's text stages: words, n-grams, counts, vectors of words, and whole pipelines of them."""

from pyspark.ml import Pipeline
from pyspark.ml.classification import FMClassifier, LogisticRegression, NaiveBayes, RandomForestClassifier
from pyspark.ml.clustering import LDA, BisectingKMeans, KMeans
from pyspark.ml.feature import (
    IDF,
    BucketedRandomProjectionLSH,
    CountVectorizer,
    FeatureHasher,
    HashingTF,
    MinHashLSH,
    NGram,
    Normalizer,
    RegexTokenizer,
    StandardScaler,
    StopWordsRemover,
    Tokenizer,
    VectorAssembler,
    Word2Vec,
)
from pyspark.ml.regression import LinearRegression

from tests.harness import Case
from tests.rigs.spark import Lazy, lazy


def of_text(stage: type, **parameters: object) -> Case:
    return Case(lazy(stage, inputCol="text", **parameters), data="texts", skip=("float32",), reason=NO_NUMBER)


def of_words(stage: type, **parameters: object) -> Case:
    return Case(
        lazy(stage, inputCol="words", **parameters), data="texts", skip=("float32",), reason=NO_NUMBER
    )


def named(stage: type, features: str, name: str, **parameters: object) -> Lazy:
    """A classifier beside others, its columns called after it."""
    columns = {f"{each}Col": f"{name}_{each}" for each in ("prediction", "probability", "rawPrediction")}
    return lazy(stage, featuresCol=features, **columns, **parameters)


def piped(*stages: object) -> Case:
    return Case(lazy(Pipeline, stages=list(stages)), data="texts")


NO_NUMBER = "reads no number, so there is nothing to narrow; the pipelines below do both"
WORDS = lazy(Tokenizer, inputCol="text", outputCol="tokens")

HASHED = [
    lazy(FeatureHasher, inputCols=["height", "flag", "city"], outputCol="hashed", numFeatures=1030),
    lazy(BisectingKMeans, featuresCol="hashed", k=3, seed=1, maxIter=2, distanceMeasure="cosine"),
    lazy(MinHashLSH, inputCol="hashed", outputCol="hashes", numHashTables=2, seed=1),
]
"""Vectors that are never all 0, which angles and hashes need."""

CASES = [
    of_text(Tokenizer),
    Case(
        lazy(Tokenizer, inputCol="text"),
        data="texts",
        options={"missing_string": "<missing>"},
        skip=("float32",),
        reason=NO_NUMBER,
    ),
    of_text(RegexTokenizer),
    of_text(RegexTokenizer, minTokenLength=0),
    of_text(RegexTokenizer, minTokenLength=2, toLowercase=False),
    of_text(RegexTokenizer, pattern=r"\W"),
    of_text(RegexTokenizer, pattern=r"\W", minTokenLength=0),
    of_text(RegexTokenizer, pattern=r"[^\p{L}\p{Nd}]+", minTokenLength=0),
    of_text(RegexTokenizer, pattern=r",\s*|;;|\s?/", minTokenLength=0),
    of_text(RegexTokenizer, pattern=r"\p{Punct}(?=\s)|the", minTokenLength=0),
    of_text(RegexTokenizer, gaps=False, pattern=r"\w+"),
    of_text(RegexTokenizer, gaps=False, pattern=r"(\d+\.\d+)|\w(\w)", toLowercase=False),
    of_text(RegexTokenizer, gaps=False, pattern=r"\S{1,3}", minTokenLength=3),
    of_text(RegexTokenizer, gaps=False, pattern="."),
    Case(
        lazy(RegexTokenizer, inputCol="text", pattern=r"\b"),
        data="texts",
        refused="which Java has its own rule for",
        reason="what is a word to \\b changed with Java 19, and it finds nothing but places",
    ),
    Case(
        lazy(RegexTokenizer, inputCol="text", pattern=r"[a-z&&[^aeiou]]+"),
        data="texts",
        refused="can't be had exactly",
        reason="no class of characters in another language has Java's &&",
    ),
    of_words(StopWordsRemover),
    of_words(StopWordsRemover, stopWords=["The", "i", "", "σοφος"]),
    of_words(StopWordsRemover, stopWords=["the", "I"], caseSensitive=True),
    of_words(StopWordsRemover, stopWords=["the", "I"], locale="tr", caseSensitive=True),
    of_words(StopWordsRemover, stopWords=["the", "I"], locale="de_CH"),
    Case(
        lazy(StopWordsRemover, inputCol="words", stopWords=["the"], locale="tr"),
        data="texts",
        refused="small letters of locale",
        reason="Turkish, Azeri and Lithuanian have small letters of their own",
    ),
    of_words(NGram),
    of_words(NGram, n=1),
    of_words(NGram, n=3),
    of_words(HashingTF, numFeatures=32),
    of_words(HashingTF, numFeatures=1000, binary=True),
    of_words(CountVectorizer),
    of_words(CountVectorizer, minTF=2.0),
    of_words(CountVectorizer, minTF=0.3),
    of_words(CountVectorizer, minTF=0.2, binary=True, vocabSize=6),
    of_words(Word2Vec, vectorSize=5, minCount=0, seed=1),
    of_words(Word2Vec, vectorSize=3, minCount=12, seed=1),
    piped(
        WORDS,
        lazy(HashingTF, inputCol="tokens", outputCol="tf", numFeatures=256),
        lazy(IDF, inputCol="tf", outputCol="features", minDocFreq=2),
        lazy(LogisticRegression, maxIter=10, regParam=0.01),
    ),
    piped(
        lazy(RegexTokenizer, inputCol="text", outputCol="tokens", pattern=r"\W+"),
        lazy(StopWordsRemover, inputCol="tokens", outputCol="kept"),
        lazy(NGram, inputCol="kept", outputCol="grams"),
        lazy(CountVectorizer, inputCol="grams", outputCol="features"),
        lazy(NaiveBayes),
    ),
    piped(WORDS, lazy(Word2Vec, inputCol="tokens", outputCol="features", vectorSize=4, minCount=1, seed=2)),
    piped(
        WORDS,
        lazy(HashingTF, inputCol="tokens", outputCol="tf", numFeatures=1030),
        lazy(IDF, inputCol="tf", outputCol="idf"),
        lazy(Normalizer, inputCol="idf", outputCol="normed"),
        lazy(VectorAssembler, inputCols=["normed", "label", "tf"], outputCol="both"),
        lazy(StandardScaler, inputCol="both", outputCol="scaled"),
        named(LogisticRegression, "scaled", "lr", maxIter=3),
        named(NaiveBayes, "tf", "nb"),
        named(RandomForestClassifier, "both", "rf", numTrees=2, seed=1),
        named(FMClassifier, "normed", "fm", maxIter=2, seed=1),
        lazy(
            LinearRegression, featuresCol="normed", predictionCol="line", elasticNetParam=1.0, regParam=0.01
        ),
    ),
    piped(
        WORDS,
        lazy(HashingTF, inputCol="tokens", outputCol="tf", numFeatures=1030),
        lazy(IDF, inputCol="tf", outputCol="idf"),
        lazy(KMeans, featuresCol="idf", predictionCol="nearest", k=3, seed=1, maxIter=2),
        lazy(BisectingKMeans, featuresCol="idf", predictionCol="half", k=3, seed=1, maxIter=2),
        lazy(LDA, featuresCol="tf", topicDistributionCol="topics", k=2, maxIter=2, seed=1),
        lazy(BucketedRandomProjectionLSH, inputCol="idf", outputCol="buckets", bucketLength=0.7, seed=1),
    ),
    Case(lazy(Pipeline, stages=HASHED), data="frame"),
]
