"""Which names a pickled module may import: exact ones only.

Unpickling makes torch.nn's own layers without running their code, and fills in what was saved.
"""

from __future__ import annotations

from collections.abc import Iterable


def untrusted(names: Iterable[str], allowed: Iterable[str] = ()) -> tuple[str, ...]:
    """The names, sorted, that neither the list nor the user allows."""
    return tuple(sorted(set(names) - PLAIN - LAYERS - set(allowed)))


def _names(module: str, names: str) -> set[str]:
    return {f"{module}.{name}" for name in names.split()}


def _layers(module: str, names: str) -> set[str]:
    return _names(f"torch.nn.modules.{module}", names)


PLAIN: frozenset[str] = frozenset().union(
    {
        "collections.OrderedDict",
        "builtins.set",
        "__builtin__.set",
        "torch.Size",
        "torch.nn.parameter.Parameter",
    },
    _names(
        "torch._utils",
        "_rebuild_parameter _rebuild_parameter_with_state _rebuild_tensor _rebuild_tensor_v2",
    ),
    _names("torch", "Tensor device _tensor._rebuild_from_type_v2"),
    _names(
        "torch",
        "BFloat16Storage BoolStorage ByteStorage CharStorage DoubleStorage FloatStorage HalfStorage "
        "IntStorage LongStorage ShortStorage "
        "bfloat16 bool float16 float32 float64 int16 int32 int64 int8 uint8",
    ),
)
"""What tensors are rebuilt with."""

WEIGHTS = PLAIN | {
    "_codecs.encode", "builtins.bytearray", "builtins.complex", "collections.Counter",
    "torch.serialization._get_layout",
}  # fmt: skip
"""What torch.load reads with ``weights_only`` (2.13): it runs nothing else."""

LAYERS: frozenset[str] = frozenset().union(
    _layers(
        "activation",
        "CELU ELU GELU GLU Hardshrink Hardsigmoid Hardswish Hardtanh LeakyReLU LogSigmoid "
        "LogSoftmax Mish MultiheadAttention PReLU RReLU ReLU ReLU6 SELU SiLU Sigmoid Softmax "
        "Softmax2d Softmin Softplus Softshrink Softsign Tanh Tanhshrink Threshold",
    ),
    _layers("adaptive", "AdaptiveLogSoftmaxWithLoss"),
    _layers("batchnorm", "BatchNorm1d BatchNorm2d BatchNorm3d SyncBatchNorm"),
    _layers("channelshuffle", "ChannelShuffle"),
    _layers("container", "ModuleDict ModuleList ParameterDict ParameterList Sequential"),
    _layers("conv", "Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d"),
    _layers("distance", "CosineSimilarity PairwiseDistance"),
    _layers("dropout", "AlphaDropout Dropout Dropout1d Dropout2d Dropout3d FeatureAlphaDropout"),
    _layers("flatten", "Flatten Unflatten"),
    _layers("fold", "Fold Unfold"),
    _layers("instancenorm", "InstanceNorm1d InstanceNorm2d InstanceNorm3d"),
    _layers("linear", "Bilinear Identity Linear"),
    _layers(
        "loss",
        "BCELoss BCEWithLogitsLoss CTCLoss CosineEmbeddingLoss CrossEntropyLoss GaussianNLLLoss "
        "HingeEmbeddingLoss HuberLoss KLDivLoss L1Loss MSELoss MarginRankingLoss "
        "MultiLabelMarginLoss MultiLabelSoftMarginLoss MultiMarginLoss NLLLoss NLLLoss2d "
        "PoissonNLLLoss SmoothL1Loss SoftMarginLoss TripletMarginLoss TripletMarginWithDistanceLoss",
    ),
    _layers("normalization", "CrossMapLRN2d GroupNorm LayerNorm LocalResponseNorm RMSNorm"),
    _layers(
        "padding",
        "CircularPad1d CircularPad2d CircularPad3d ConstantPad1d ConstantPad2d ConstantPad3d "
        "ReflectionPad1d ReflectionPad2d ReflectionPad3d ReplicationPad1d ReplicationPad2d "
        "ReplicationPad3d ZeroPad1d ZeroPad2d ZeroPad3d",
    ),
    _layers("pixelshuffle", "PixelShuffle PixelUnshuffle"),
    _layers(
        "pooling",
        "AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveMaxPool1d AdaptiveMaxPool2d "
        "AdaptiveMaxPool3d AvgPool1d AvgPool2d AvgPool3d FractionalMaxPool2d FractionalMaxPool3d "
        "LPPool1d LPPool2d LPPool3d MaxPool1d MaxPool2d MaxPool3d MaxUnpool1d MaxUnpool2d "
        "MaxUnpool3d",
    ),
    _layers("rnn", "GRU GRUCell LSTM LSTMCell RNN RNNCell"),
    _layers("sparse", "Embedding EmbeddingBag"),
    _layers(
        "transformer",
        "Transformer TransformerDecoder TransformerDecoderLayer TransformerEncoder TransformerEncoderLayer",
    ),
    _layers("upsampling", "Upsample UpsamplingBilinear2d UpsamplingNearest2d"),
)
"""torch.nn's layers (2.13)."""
