"""What a model's metadata tells of where it came from and how it is to be asked and compared."""

from __future__ import annotations

import json

import numpy as np

from onnxpipe import lock
from onnxpipe.adapters.base import Artefact
from onnxpipe.core import portability
from onnxpipe.core.fragment import Fragment
from onnxpipe.core.options import Options
from onnxpipe.core.plan import Plan, Stage
from onnxpipe.core.record import Record


def told(artefact: Artefact, plan: Plan, fragment: Fragment, options: Options) -> dict[str, str]:
    """The entries of a converted model, by their names."""
    return {
        "framework": plan.framework,
        "framework_version": plan.version,
        "dtype": options.dtype,
        "on_invalid": options.on_invalid,
        "missing_string": options.missing_string,
        "portability": portability.portability(fragment.model),
        **_units(plan),
        **_singles(fragment),
        **({"half": ",".join(plan.half)} if plan.half else {}),
        "source_digest": lock.digest(artefact.path) if artefact.path else "",
        **_classes(plan.root),
        "unread_columns": ",".join(
            n for n, p in zip(plan.names or (), plan.inputs, strict=False) if p is None
        ),
    }


def _units(plan: Plan) -> dict[str, str]:
    """What integers that stand for dates count, by input, where there are any."""
    told = {port.name: port.unit for port in plan.inputs if port is not None and port.unit}
    return {"units": json.dumps(told, ensure_ascii=False, sort_keys=True)} if told else {}


def _singles(fragment: Fragment) -> dict[str, str]:
    """The stages whose original answers in float32 and widens that, where there are any."""
    paths = ",".join(dict.fromkeys(tap.path for tap in fragment.taps if tap.single))
    return {"single": paths} if paths else {}


_LAST = ("best_estimator_", "estimator_", "final_estimator_")
"""Where estimators that stand for another one keep it."""


def _classes(stage: Stage) -> dict[str, str]:
    """The class labels of the last estimator as JSON, in the order of its scores' columns."""
    while (labels := stage.get("classes_")) is None:
        steps = [step for _, step, *_ in stage.get("steps") or ()]
        inner = [each for each in (*steps[-1:], *map(stage.get, _LAST)) if isinstance(each, Record)]
        if not inner:
            return {}
        stage = stage.child("", inner[0])
    array = (
        np.asarray(labels, object) if isinstance(labels, np.ndarray) and labels.ndim == 1 else np.array(())
    )
    plain = all(isinstance(label, (str, int, float, bool)) for label in array.tolist())
    return {"classes": json.dumps(array.tolist(), ensure_ascii=False)} if array.size and plain else {}
