"""torch.nn's layers, grouped by what goes in: each group is one network that answers by layer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

try:
    import torch
    from torch import nn
    from torch._higher_order_ops.while_loop import while_loop
except ImportError:  # the rows are only collected where torch is installed
    torch = nn = while_loop = None


def Operation(text: str) -> Any:
    """A layer that does what a text says with ``x``."""
    layer = nn.Module()
    layer.forward = eval(f"lambda x: {text}", {"torch": torch, "F": nn.functional, "while_loop": while_loop})
    return layer


@dataclass(frozen=True)
class Layer:
    """One row: a layer, what goes in, or what torch.onnx says that it can't do."""

    text: str
    given: str
    refused: str = ""

    @property
    def kind(self) -> str:
        """The layer's class, or ``operations``."""
        return "operations" if re.search(r"\bx\b", self.text) else self.text.partition("(")[0]

    def made(self) -> Any:
        """The layer itself, as written; an operation on ``x`` as a layer."""
        return Operation(self.text) if re.search(r"\bx\b", self.text) else eval(self.text, vars(nn))


OPERATIONS = {
    "rows": (
        "torch.where(x > 0, x * 2, x - 1)", "torch.topk(x, 3)[0]", "torch.sort(x, descending=True)[0]",
        "torch.cumsum(x, 1)", "torch.zeros_like(x).scatter(1, x.argsort(1), x)", "torch.roll(x, 2, 1)",
        "torch.var(x, 1)", "torch.logsumexp(x, 1)", "torch.linalg.norm(x, dim=1)", "x[:, [3, 1, 2]]",
        "torch.bucketize(x, torch.tensor([-1.0, 0.0, 1.0]))", "torch.fft.rfft(x).abs()",
        "torch.masked_fill(x, x < 0, -1e9).softmax(1)", "torch.fft.irfft(torch.fft.rfft(x) * 2, n=8)",
        "torch.fft.fft(x).real", "torch.cond(x.sum() > 0, lambda y: y * 2, lambda y: y - 1, (x,))",
        "torch.view_as_real(torch.view_as_complex(x.reshape(-1, 4, 2)) * 2)", "(x > 0).all(1)",
        "(x.double() / 3).float()", "(x * 3).to(torch.int64) % 5", "(x > 0) & (x < 1)", "x.half()",
        "torch.sigmoid(x - 12)", "x.double().sigmoid()", "x.half().sigmoid()",
        "x.half() * 2", "x.half().abs().float()", "x.bfloat16().float()",
        "torch.complex(x, x * 2).angle()", "torch.polar(x.abs(), x).imag", "x.sort(1)[1]",
        "(torch.complex(x, x) * torch.complex(x, -x)).real",
        "while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * 2), (torch.tensor(0), x * 1))[1]",
    ),
    "integers": ("x * 2 + 1", "x // 3", "x / 3", "x @ x.new_ones(8, 3)", "x.to(torch.int8)"),
    "flags": ("~x", "x.any(1)", "x.sum(1)", "x.cumsum(1)"),
    "series": (
        "torch.einsum('nij,nkj->nik', x, x)", "torch.bmm(x, x.transpose(1, 2))", "torch.tril(x)",
        "F.scaled_dot_product_attention(x, x, x, is_causal=True)", "x.unfold(2, 3, 2)",
    ),
}  # fmt: skip
"""What is done with ``x``, by what ``x`` is."""

SHAPES: Mapping[str, tuple[int | None, ...]] = {
    "matrix": (None, 8),
    "integers": (None, 8),
    "flags": (None, 8),
    "rows": (None, 8),
    "series": (None, 4, 12),
    "numbers": (None, 8),
    "sequence": (None, 4, 12),
    "image": (None, 4, 12, 10),
    "volume": (None, 4, 6, 6, 6),
    "words": (None, 5),
    "steps": (None, None, 8),
    "vectors": (None, None, 8),
}
"""What goes in."""
TYPES = {"words": "int64", "integers": "int64", "flags": "bool"}
"""Its type where that isn't float32; words are word numbers."""

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
    Layer("torch.erfinv(x.tanh())", "matrix", "torch.onnx has no translation of it"),
    Layer("x[: int(x.sum())]", "matrix", "a size that hangs on the numbers"),
    Layer("x * 2 if x.sum() > 0 else x", "matrix", "a branch on the numbers; torch.cond is one"),
    Layer(
        "F.linear(x.bfloat16(), torch.ones(3, 8).bfloat16()).float()",
        "matrix",
        "onnxruntime has no Gemm for bfloat16",
    ),
    Layer("x.to(torch.int16).cumsum(1, dtype=torch.int16)", "matrix", "onnxruntime has no CumSum for int16"),
    Layer(
        "torch.nn.utils.rnn.pack_padded_sequence(x, torch.full((len(x),), 3), batch_first=True)[0]",
        "steps",
        "torch.export refuses it: sizes hang on the lengths",
    ),
    Layer("CrossMapLRN2d(3)", "image", "its code takes the batch for a constant"),
    Layer("CircularPad2d(1)", "image", "onnxruntime can't wrap no rows around"),
    Layer("EmbeddingBag(9,4)", "words", "onnxruntime can't join the bags of no rows"),
    Layer("CTCLoss()", "matrix", "losses are for training"),
)


def _rows(texts: str, given: str) -> list[Layer]:
    return [Layer(text, given) for text in texts.split()]


CASES = [
    *(Layer(text, given) for given, texts in OPERATIONS.items() for text in texts),
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
