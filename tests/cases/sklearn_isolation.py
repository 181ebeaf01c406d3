"""Rows for isolation forests and tree embeddings."""

from sklearn.ensemble import IsolationForest, RandomTreesEmbedding

from tests.harness import Case

FEW = {"n_estimators": 10, "random_state": 0}

CASES = [
    Case(IsolationForest(**FEW)),
    Case(IsolationForest(**FEW, contamination=0.1, max_samples=40)),
    Case(IsolationForest(**FEW, max_features=2, bootstrap=True)),
    Case(IsolationForest(**FEW, max_features=0.5), data="missing"),
    Case(IsolationForest(**FEW, max_samples=1)),
    Case(RandomTreesEmbedding(**FEW, max_depth=3)),
    Case(RandomTreesEmbedding(**FEW, max_leaf_nodes=7, sparse_output=False), data="missing"),
]
