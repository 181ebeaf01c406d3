"""Rows for Keras's layers that make spectra of signals."""

from tests.harness import Case
from tests.rigs.keras import layer, on

MODES = ("log", "magnitude", "psd", "real", "imag", "stft")
FRAMES = {"frame_length": 8, "frame_step": 4}

CASES = [
    *(Case(on((24, 2), layer("STFTSpectrogram", mode=mode, **FRAMES))) for mode in MODES),
    Case(on((24, 2), layer("STFTSpectrogram", mode="psd", expand_dims=True, fft_length=16, **FRAMES))),
    Case(on((None, 1), layer("STFTSpectrogram", mode="magnitude", padding="same", **FRAMES))),
    Case(
        on((24, 2), layer("STFTSpectrogram", mode="angle", **FRAMES)),
        refused="angles", reason="ONNX has no arc tangent of two numbers",
    ),
]  # fmt: skip
