"""What a worker leaves to onnxpipe's own blocks in a graph: texts made small, or put into buckets."""

from __future__ import annotations

from onnx import ModelProto

from onnxpipe.core.foreign import DOMAIN
from onnxpipe.core.fragment import Fragment

_HASHED, _LOWERED = "StringToHashBucket", "StringLower"


def completed(fragment: Fragment) -> Fragment:
    """The fragment with a graph of ours in the place of every node that stands for one."""
    parts = {
        attribute.s.decode()
        for node in fragment.model.graph.node
        for attribute in node.attribute
        if node.domain == DOMAIN and attribute.name == "part"
    }
    if not parts:
        return fragment
    from onnxpipe.stitching.splice import splice  # takes half a second to import

    return splice(fragment, {part: _of_ours(part) for part in sorted(parts)})


def _of_ours(told: str) -> ModelProto:
    """``found`` ``[G]`` of ``texts`` ``[G]``: small letters, or buckets (how many, and under which key)."""
    import numpy as np
    import spox

    from onnxpipe.blocks.hashing import hashes
    from onnxpipe.blocks.language.characters import lower
    from onnxpipe.blocks.language.text import padded
    from onnxpipe.core import build
    from onnxpipe.core.ops import Tensor, argument
    from onnxpipe.core.options import Options
    from onnxpipe.core.passes import pruning

    texts = argument(Tensor(np.str_, ("G",)))
    if told == _LOWERED:
        found = padded(texts, lower)
    else:
        count, *key = (int(part) for part in told.removeprefix(_HASHED).split())
        found = hashes.bucketed(texts, count, (key[0], key[1]) if key else None)
    model = spox.build({"texts": texts}, {"found": found})
    return pruning.finish(build.stamped(model, Options()), ()).model
