"""Rows for the graph of nearest neighbours and what follows it."""

from sklearn.manifold import Isomap, LocallyLinearEmbedding
from sklearn.neighbors import KNeighborsTransformer, RadiusNeighborsTransformer

from tests.harness import Case

FAR = "from 1e30 away all points are equally far, and what differs is rounding noise"

CASES = [
    Case(KNeighborsTransformer()),
    Case(KNeighborsTransformer(n_neighbors=3, mode="connectivity")),
    Case(KNeighborsTransformer(n_neighbors=3, p=1, algorithm="ball_tree")),
    Case(KNeighborsTransformer(metric="chebyshev"), data="single"),
    Case(RadiusNeighborsTransformer(radius=4.0)),
    Case(RadiusNeighborsTransformer(radius=4.0, mode="connectivity", metric="manhattan")),
    Case(Isomap(), huge=1e3, reason=FAR),
    Case(Isomap(n_neighbors=8, n_components=3, metric="manhattan"), huge=1e3, reason=FAR),
    Case(
        Isomap(n_neighbors=None, radius=9.0),
        refused="within a radius",
        reason="native fails where there is none",
    ),
    Case(LocallyLinearEmbedding(random_state=0), huge=1e3, reason=FAR),
    Case(
        LocallyLinearEmbedding(n_neighbors=8, n_components=3, reg=0.01, random_state=0), huge=1e3, reason=FAR
    ),
    Case(LocallyLinearEmbedding(method="modified", n_neighbors=7, random_state=0), huge=1e3, reason=FAR),
]
