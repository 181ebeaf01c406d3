"""Rows for Keras's layers that make spectra of signals."""

from tests.harness import Case
from tests.rigs.keras import layer, on

MODES = ("log", "magnitude", "psd", "real", "imag", "stft")
FRAMES = {"frame_length": 8, "frame_step": 4}
BANDS = {"fft_length": 16, "sequence_stride": 5, "num_mel_bins": 4, "sampling_rate": 400, "min_freq": 10.0}
BARE = {"power_to_db": False, "window": "hamming", "sequence_length": 13, "max_freq": 150}

CASES = [
    *(Case(on((24, 2), layer("STFTSpectrogram", mode=mode, **FRAMES))) for mode in MODES),
    Case(on((24, 2), layer("STFTSpectrogram", mode="psd", expand_dims=True, fft_length=16, **FRAMES))),
    Case(on((None, 1), layer("STFTSpectrogram", mode="magnitude", padding="same", **FRAMES))),
    Case(on((40,), layer("MelSpectrogram", **BANDS, top_db=6.0, ref_power=0.5))),
    Case(on((30,), layer("MelSpectrogram", **BANDS, **BARE, mag_exp=1.5))),
    Case(on((None,), layer("MelSpectrogram", **{**BANDS, "fft_length": 6}))),
    Case(
        on((24, 2), layer("STFTSpectrogram", mode="angle", **FRAMES)),
        refused="angles", reason="ONNX has no arc tangent of two numbers",
    ),
]  # fmt: skip
