"""Coverage-guided fuzzing of the readers with atheris: ``python -m tests.fuzz_coverage [SECONDS]``.

Atheris isn't among the test requirements (it has no build for every platform); without it this says
so and ends. Inputs that grow the coverage are kept under build/corpus, what fails under build/fuzz.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from onnxpipe.errors import Refusal

HOME = Path(__file__).parent.parent
CORPUS, FOUND = HOME / "build" / "corpus", HOME / "build" / "fuzz"
LARGEST = 65_536
NETWORKS = ("mixed_sklearn_keras/network.keras", "mixed_image_torch/network.pt2")


def readers() -> dict[str, tuple[Callable[[bytes], object], list[bytes]]]:
    """What reads bytes as data, by name, with healthy examples to start from."""
    from onnxpipe import lock
    from onnxpipe.adapters import keras, pickles, skops, torch
    from onnxpipe.adapters.base import Artefact
    from onnxpipe.core import models
    from onnxpipe.stitching import lines
    from tests.fuzz_kinds import FIXTURES, MANIFEST, converted
    from tests.hostile import HARMLESS, REFUSED

    saved = converted()
    networks = {name: (FIXTURES / name).read_bytes() for name in NETWORKS}
    hostile = [data + b"." for data in (HARMLESS | REFUSED).values() if len(data) < LARGEST]
    return {
        "pickle": (pickles.read, [*hostile, saved["pipe.joblib"]]),
        "skops": (skops.read, [(FIXTURES / "scaled_logistic/pipeline.skops").read_bytes()]),
        "model": (models.parsed, [saved["model.onnx"]]),
        "lock": (lock.parse, [saved["model.onnx.lock"]]),
        "manifest": (lines.parse, [MANIFEST.encode()]),
        "keras": (lambda data: keras.names(Artefact(None, data)), [networks[NETWORKS[0]]]),
        "torch": (lambda data: torch.names(Artefact(None, data)), [networks[NETWORKS[1]]]),
    }


def one(data: bytes, known: dict[str, tuple[Callable[[bytes], object], list[bytes]]]) -> None:
    """Give bytes to the reader that the first of them chooses; anything but a refusal escapes."""
    read = list(known.values())[data[0] % len(known)][0] if data else None
    if read is not None:
        with suppress(Refusal):
            read(data[1:])


def main(seconds: int) -> int:
    try:
        import atheris
    except ImportError:
        print("atheris isn't installed: no coverage-guided fuzzing ('pip install atheris')")
        return 0
    with atheris.instrument_imports(include=["onnxpipe"]):
        known = readers()
    CORPUS.mkdir(parents=True, exist_ok=True)
    FOUND.mkdir(parents=True, exist_ok=True)
    for i, (name, (_, examples)) in enumerate(known.items()):
        for j, example in enumerate(examples):
            (CORPUS / f"{name}-{j}").write_bytes(bytes([i]) + example)
    flags = [f"-max_total_time={seconds}", f"-max_len={LARGEST}", "-timeout=20", "-rss_limit_mb=2048"]
    atheris.Setup([sys.argv[0], *flags, f"-artifact_prefix={FOUND}/", str(CORPUS)], lambda d: one(d, known))
    atheris.Fuzz()  # ends the process
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 120))
