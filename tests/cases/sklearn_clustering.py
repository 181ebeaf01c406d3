"""Rows for the clusterings."""

from sklearn.cluster import AffinityPropagation, Birch, BisectingKMeans, KMeans, MeanShift, MiniBatchKMeans

from tests.harness import Case

MIXED = "native's predict refuses rows of another precision than it was fitted in"
NOISE = "for rows that are centres, native's distance is the square root of rounding noise"
SINGLE = "the rows are float32"
FOUR = KMeans(4, n_init=1, random_state=0)

CASES = [
    Case(FOUR, skip=("float32",), reason=MIXED),
    Case(FOUR, methods=("transform",)),
    Case(FOUR, data="single", skip=("native",), reason=SINGLE),
    Case(FOUR, data="whole", skip=("float32",), reason=MIXED),
    Case(KMeans(3, n_init=1, algorithm="elkan", random_state=0), skip=("float32",), reason=MIXED),
    Case(KMeans(1, n_init=1, random_state=0), skip=("float32",), reason=MIXED),
    Case(MiniBatchKMeans(4, n_init=1, random_state=0), skip=("float32",), reason=MIXED),
    Case(MiniBatchKMeans(4, n_init=1, random_state=0), data="single", skip=("native",), reason=SINGLE),
    Case(BisectingKMeans(6, random_state=0), skip=("float32",), reason=MIXED),
    Case(BisectingKMeans(1, random_state=0), skip=("float32",), reason=MIXED),
    Case(
        BisectingKMeans(5, random_state=0, bisecting_strategy="largest_cluster"),
        data="single",
        skip=("native",),
        reason=SINGLE,
    ),
    Case(MeanShift(bin_seeding=True)),
    Case(MeanShift(bandwidth=1e-42), data="tiniest"),
    Case(MeanShift(bandwidth=4), data="single", skip=("native",), reason=SINGLE),
    Case(AffinityPropagation(random_state=0)),
    Case(AffinityPropagation(max_iter=1, random_state=0)),
    Case(Birch(n_clusters=3), methods=("predict",)),
    Case(Birch(n_clusters=None, threshold=2.0), methods=("predict",)),
    Case(Birch(n_clusters=None, threshold=2.0), methods=("transform",), rtol=1e-7, reason=NOISE),
    Case(Birch(n_clusters=3), data="single", methods=("predict",), skip=("native",), reason=SINGLE),
]
