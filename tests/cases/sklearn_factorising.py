"""Rows for mixtures of non-negative parts, and of topics."""

from sklearn.decomposition import NMF, LatentDirichletAllocation, MiniBatchNMF

from tests.harness import Case

FITTED = "scikit-learn's NMF transforms no rows of another float type than it was fitted on"
ROUNDS = (
    "in float32 a document's change is off by an ulp of its word count, so that rounds may end one early or "
    "late; one round then moves topics by less than mean_change_tol, which is 1e-3"
)
SINGLE = {"data": "single_positive", "skip": ("native",), "reason": FITTED}
DOUBLE = {"data": "positive", "skip": ("float32",), "reason": FITTED}
UPDATES = {"solver": "mu", "init": "nndsvda", "random_state": 0}
LOSSES = (2, "kullback-leibler", "itakura-saito", 0.5, 1.5, 3, -1)
PENALTIES = (
    {"alpha_W": 0.1, "l1_ratio": 0.5, "max_iter": 33},
    {"alpha_W": 0.01, "l1_ratio": 1.0, "max_iter": 7},
)

CASES = [
    Case(NMF(3, random_state=0), **DOUBLE),
    Case(NMF(3, random_state=0), data="counts", skip=("float32",), reason=FITTED),
    Case(NMF(3, random_state=0), data="whole_positive"),
    Case(NMF(3, alpha_W=0.1, l1_ratio=0.5, shuffle=True, random_state=0), **DOUBLE),
    Case(NMF(5, init="random", tol=0, max_iter=30, random_state=0), **DOUBLE),
    Case(NMF(2, alpha_W=0.05, l1_ratio=1.0, random_state=0), **DOUBLE),
    Case(NMF(3, random_state=0), **SINGLE),
    Case(
        NMF(3, random_state=0),
        data="positive",
        skip=("native",),
        refused="transforms no float32 rows",
        reason=FITTED,
    ),
    Case(
        NMF(3, shuffle=True),
        data="whole_positive",
        refused="no two answers of its own agree",
        reason="each transform shuffles anew; with a whole number as random_state it converts",
    ),
    *[Case(NMF(3, beta_loss=loss, **UPDATES), **DOUBLE) for loss in LOSSES],
    *[Case(NMF(3, beta_loss=loss, **UPDATES, **more), **DOUBLE) for loss in LOSSES for more in PENALTIES],
    Case(NMF(3, beta_loss=1, tol=0, max_iter=12, **UPDATES), **DOUBLE),
    Case(NMF(3, beta_loss=1, **UPDATES), **SINGLE),
    *[
        Case(MiniBatchNMF(3, beta_loss=loss, batch_size=32, random_state=0), data="positive")
        for loss in LOSSES
    ],
    Case(MiniBatchNMF(3, alpha_W=0.1, l1_ratio=0.5, transform_max_iter=9, random_state=0), data="positive"),
    Case(
        MiniBatchNMF(3, beta_loss=1, alpha_W=0.1, l1_ratio=1.0, tol=0, max_iter=9, random_state=0),
        data="positive",
    ),
    Case(LatentDirichletAllocation(3, random_state=0, max_iter=3), data="counts"),
    Case(
        LatentDirichletAllocation(3, random_state=0, max_iter=3),
        data="single_positive",
        rtol=1e-3,
        reason=ROUNDS,
    ),
    Case(LatentDirichletAllocation(3, mean_change_tol=0, random_state=0, max_iter=3), data="single_positive"),
    Case(
        LatentDirichletAllocation(
            4, doc_topic_prior=0.3, mean_change_tol=1e-6, max_doc_update_iter=50, random_state=0, max_iter=3
        ),
        data="positive",
    ),
    Case(
        LatentDirichletAllocation(2, learning_method="online", max_doc_update_iter=3, random_state=0),
        data="whole",
    ),
]
