"""Recurrent layers, which the RNN quantiser supports and this one does not."""

from __future__ import annotations

from typing import Iterator

from vai_inspect.rules.quantizers.obstacle import EXECUTED, Hit, fails, in_all, obstacle, since_3
from vai_inspect.rules.quantizers.scene import Scene
from vai_inspect.rules.quantizers.sketch import example

_REMEDY = "use the vendor's RNN quantiser for it, or run it on the host"
_STOPS = fails("quantise", "it stops with an AttributeError", "AttributeError")


@obstacle(
    "torch.recurrent.lstm",
    effects=since_3(
        fails("export", "it stays in float, then the export fails", "AttributeError"), _STOPS
    ),
    remedy=_REMEDY,
    source=EXECUTED,
    passes=(example("nn.Linear", lambda s: s.layer("Linear", "inner-product")),),
    fails=(example("nn.LSTM", lambda s: s.layer("LSTM", "unknown")),),
)
def lstm(scene: Scene) -> Iterator[Hit]:
    """An LSTM."""
    for op in scene.calls("LSTM", "lstm"):
        yield Hit((op.name,), "an LSTM")


@obstacle(
    "torch.recurrent.gru",
    effects=in_all(_STOPS),
    remedy=_REMEDY,
    source=EXECUTED,
    passes=(example("nn.Linear", lambda s: s.layer("Linear", "inner-product")),),
    fails=(example("nn.GRU", lambda s: s.layer("GRU", "unknown")),),
)
def gru(scene: Scene) -> Iterator[Hit]:
    """A GRU."""
    for op in scene.calls("GRU", "gru"):
        yield Hit((op.name,), "a GRU")


RULES = (lstm, gru)
