"""Recurrent layers, which the RNN quantiser supports and this one does not."""

from __future__ import annotations

from vai_inspect.core.ir import Op
from vai_inspect.rules.quantizers.effects import fails, in_all, since_3
from vai_inspect.rules.quantizers.hits import Found, each
from vai_inspect.rules.quantizers.obstacle import EXECUTED, obstacle
from vai_inspect.rules.quantizers.scene import Scene, calls
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
@each(calls("LSTM", "lstm"))
def lstm(scene: Scene, op: Op) -> Found:
    """An LSTM."""
    return "an LSTM"


@obstacle(
    "torch.recurrent.gru",
    effects=in_all(_STOPS),
    remedy=_REMEDY,
    source=EXECUTED,
    passes=(example("nn.Linear", lambda s: s.layer("Linear", "inner-product")),),
    fails=(example("nn.GRU", lambda s: s.layer("GRU", "unknown")),),
)
@each(calls("GRU", "gru"))
def gru(scene: Scene, op: Op) -> Found:
    """A GRU."""
    return "a GRU"


RULES = (lstm, gru)
