"""torch.nn's layers, grouped by what goes in: each group is one network that answers by layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

try:
    from torch import nn
except ImportError:  # the rows are only collected where torch is installed
    nn = None


@dataclass(frozen=True)
class Layer:
    """One row: a layer, what goes in, or what torch.onnx says that it can't do."""

    text: str
    given: str
    refused: str = ""

    @property
    def kind(self) -> str:
        """The layer's class."""
        return self.text.partition("(")[0]

    def made(self) -> Any:
        """The layer itself, as written."""
        return eval(self.text, vars(nn))


SHAPES: Mapping[str, tuple[int | None, ...]] = {
    "matrix": (None, 8),
    "numbers": (None, 8),
    "sequence": (None, 4, 12),
    "image": (None, 4, 12, 10),
    "volume": (None, 4, 6, 6, 6),
    "words": (None, 5),
    "steps": (None, None, 8),
    "vectors": (None, None, 8),
}
"""What goes in: float32 but for words, which are word numbers."""

_CURVES = (
    "CELU(0.5) ELU(1.3) GELU() GELU('tanh') GLU() Hardshrink(0.3) Hardsigmoid() Hardswish() "
    "Hardtanh(-1,2) Identity() LeakyReLU(0.2) LogSigmoid() LogSoftmax(-1) Mish() PReLU(8) RReLU() ReLU() "
    "ReLU6() SELU()"
)
_NUMBERS = (
    "SiLU() Sigmoid() Softmax(1) Softmin(1) Softplus(2,3) Softshrink(0.3) Softsign() Tanh() Tanhshrink() "
    "Threshold(0.1,20) Dropout() AlphaDropout() FeatureAlphaDropout() Linear(8,3) BatchNorm1d(8) "
    "LayerNorm(8) RMSNorm(8) Unflatten(1,(2,4)) Flatten()"
)
_SEQUENCE = (
    "Conv1d(4,6,3,stride=2,padding=1) Conv1d(4,6,3,padding='same',groups=2) ConvTranspose1d(4,6,3,stride=2) "
    "MaxPool1d(3,2) AvgPool1d(3,2,padding=1) LPPool1d(2,3) AdaptiveAvgPool1d(5) AdaptiveAvgPool1d(4) "
    "AdaptiveMaxPool1d(4) "
    "BatchNorm1d(4) InstanceNorm1d(4,affine=True) GroupNorm(2,4) LocalResponseNorm(2) Dropout1d() "
    "ConstantPad1d(2,0.5) ReflectionPad1d(2) ReplicationPad1d(2) ZeroPad1d(2) "
    "Upsample(scale_factor=2) Upsample(size=7,mode='linear')"
)
_IMAGE = (
    "Conv2d(4,6,3,padding=1) Conv2d(4,8,3,stride=2,dilation=2,groups=4) ConvTranspose2d(4,6,3,stride=2) "
    "MaxPool2d(2) MaxPool2d(3,2,1,ceil_mode=True) AvgPool2d(3,2,1,count_include_pad=False) AvgPool2d(2) "
    "LPPool2d(2,3) AdaptiveAvgPool2d(1) AdaptiveAvgPool2d((3,5)) AdaptiveMaxPool2d((3,5)) BatchNorm2d(4) "
    "InstanceNorm2d(4) GroupNorm(2,4) LayerNorm([4,12,10]) LocalResponseNorm(3) ChannelShuffle(2) "
    "PixelShuffle(2) PixelUnshuffle(2) Dropout2d() Softmax2d() ReflectionPad2d(1) ReplicationPad2d(2) "
    "ZeroPad2d(1) ConstantPad2d(1,3.5) Upsample(scale_factor=2,mode='bilinear') "
    "Upsample(scale_factor=2,mode='bicubic',align_corners=True) UpsamplingNearest2d(scale_factor=2) "
    "UpsamplingBilinear2d(scale_factor=2) Unfold(3)"
)
_VOLUME = (
    "Conv3d(4,6,3) ConvTranspose3d(4,6,3) MaxPool3d(2) AvgPool3d(2) LPPool3d(2,2) AdaptiveAvgPool3d(3) "
    "AdaptiveMaxPool3d(3) BatchNorm3d(4) InstanceNorm3d(4) ConstantPad3d(1,0.5) ReflectionPad3d(1) "
    "ReplicationPad3d(1) ZeroPad3d(1) Dropout3d() Upsample(scale_factor=2,mode='trilinear')"
)

_REFUSED = (
    Layer("CrossMapLRN2d(3)", "image", "its code takes the batch for a constant"),
    Layer("CircularPad2d(1)", "image", "onnxruntime can't wrap no rows around"),
    Layer("EmbeddingBag(9,4)", "words", "onnxruntime can't join the bags of no rows"),
    Layer("CTCLoss()", "matrix", "losses are for training"),
)


def _rows(texts: str, given: str) -> list[Layer]:
    return [Layer(text, given) for text in texts.split()]


CASES = [
    *_rows(_CURVES, "matrix"),
    *_rows(_NUMBERS, "numbers"),
    *_rows(_SEQUENCE, "sequence"),
    *_rows(_IMAGE, "image"),
    *_rows(_VOLUME, "volume"),
    *_rows("Embedding(9,4) Embedding(9,4,padding_idx=0)", "words"),
    *_rows("LSTM(8,5,batch_first=True) GRU(8,5,batch_first=True) RNN(8,5,batch_first=True) "
           "LSTM(8,5,num_layers=2,bidirectional=True,batch_first=True)", "steps"),
    *_rows("TransformerEncoderLayer(8,2,16,batch_first=True)", "vectors"),
    *_REFUSED,
]  # fmt: skip
