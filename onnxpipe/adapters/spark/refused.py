"""Models whose answer no graph can give, and why."""

from __future__ import annotations

from collections.abc import Mapping

REASONS: Mapping[str, str] = {
    "pyspark.ml.clustering.DistributedLDAModel": (
        "starts from random numbers that no seed decides, so it answers otherwise every time: "
        "save what its toLocal() returns instead"
    ),
    "pyspark.ml.fpm.FPGrowthModel": (
        "lists what it predicts in the order in which a cluster's shuffle left the rules, "
        "which the saved model doesn't hold"
    ),
}
