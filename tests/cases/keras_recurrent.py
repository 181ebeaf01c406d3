"""Rows for Keras's recurrent layers."""

from tests.harness import Case
from tests.rigs.keras import layer, on

STEPS = (6, 4)
KINDS = ("LSTM", "GRU", "SimpleRNN")
WAYS = (
    {},
    {"return_sequences": True},
    {"go_backwards": True, "return_sequences": True},
    {"return_state": True},
)

CASES = [
    *(Case(on(STEPS, layer(kind, 3, **way))) for kind in KINDS for way in WAYS),
    *(Case(on(STEPS, layer(kind, 3, use_bias=False))) for kind in KINDS),
    *(Case(on((None, 4), layer(kind, 3))) for kind in KINDS),
    *(Case(on(STEPS, layer(kind, 3), suffix=".h5")) for kind in KINDS),
    Case(on(STEPS, layer("GRU", 3, reset_after=False))),
    Case(on(STEPS, layer("LSTM", 3, activation="relu", recurrent_activation="tanh"))),
    *(Case(on(STEPS, layer("Bidirectional", layer(kind, 3)))) for kind in KINDS),
    *(
        Case(on(STEPS, layer("Bidirectional", layer("LSTM", 3, return_sequences=True), merge_mode=mode)))
        for mode in ("concat", "sum", "mul", "ave")
    ),
    Case(on(STEPS, layer("Bidirectional", layer("GRU", 3, return_sequences=True)), suffix=".h5")),
    Case(on(STEPS, layer("TimeDistributed", layer("Dense", 2)))),
    Case(on((3, 6, 5, 2), layer("TimeDistributed", layer("Conv2D", 2, 2)))),
    Case(
        on((4,), layer("Embedding", 5, 3, mask_zero=True), layer("LSTM", 2), dtype="int32"),
        refused="steps that a mask leaves out", reason="masked steps aren't skipped yet",
    ),
    Case(
        on(STEPS, layer("LSTM", 3, activation="gelu")),
        refused="no recurrent operator", reason="no such operator",
    ),
]  # fmt: skip
