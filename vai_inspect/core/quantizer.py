"""The effect of the vendor's quantiser on a model before the compiler sees it, as data."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import Enum
from typing import Callable, Iterable, Optional, Tuple

from vai_inspect.core.codec import Plain
from vai_inspect.core.findings import Effect


class Outcome(str, Enum):
    """What becomes of a construct that the quantiser does not take as it is, the worst first.

    `CHANGES`: no error, and the file computes another function. `FAILS`: there is no file, with an
    error or without. `FLOAT`: the operator is not quantised, so that no DPU runs it. `WARNS`: a
    message, and the file is right.
    """

    CHANGES = "changes"
    FAILS = "fails"
    FLOAT = "float"
    WARNS = "warns"


class FlowStage(str, Enum):
    """Where it happens.

    Tracing, quantising (calibration too), writing the xmodel (PyTorch), converting the quantised
    file to XIR (Keras), compiling, training with quantisation.
    """

    TRACE = "trace"
    QUANTISE = "quantise"
    EXPORT = "export"
    CONVERT = "convert"
    COMPILE = "compile"
    TRAINING = "qat"


@dataclass(frozen=True)
class Obstacle(Plain):
    """Something in the model that the vendor's flow fails at, changes, leaves in float or warns of.

    Attributes:
        id: of the rule, `torch.splits.chunk`.
        outcome: what becomes of it.
        stage: where.
        code: the vendor's code (`XMODEL_BATCHSIZE` of `QUANTIZER_TORCH_XMODEL_BATCHSIZE`), or the
            type of the exception where it has none; None where nothing is printed.
        ops: operators of the inspection that it is about; empty where it is the whole model.
        message: what was found and what happens.
        suggestion: what to do instead; None where nothing is known.
        effect: what that does to the function; None where it is open.
        rewrite: id of the mechanical rewrite that does it, or None.
        source: how that is known.
    """

    id: str
    outcome: Outcome
    stage: FlowStage
    code: Optional[str]
    ops: Tuple[str, ...]
    message: str
    suggestion: Optional[str] = None
    effect: Optional[Effect] = None
    rewrite: Optional[str] = None
    source: str = ""


@dataclass(frozen=True)
class Conversion(Plain):
    """A replacement that the quantiser makes by default, as intended.

    Attributes:
        id: of the rule, `torch.batch_norm_folded`.
        ops: operators of the inspection that it is about.
        message: what becomes what.
        source: how that is known.
    """

    id: str
    ops: Tuple[str, ...]
    message: str
    source: str = ""


@dataclass(frozen=True)
class QuantizerReport(Plain):
    """What the vendor's quantiser of a release does with the model.

    Attributes:
        flow: name of the quantiser, `vai_q_pytorch`.
        release: Vitis AI release whose flow it is, `3.5`.
        obstacles: what to change before quantising: changes of the function first, then what
            stops the flow, what falls to float, what is warned of.
        training: what stops training with quantisation only; quantising after training takes it.
        conversions: what is replaced by default.
        checklist: what only the use of the quantiser decides, so that no model shows it.
    """

    flow: str
    release: str
    obstacles: Tuple[Obstacle, ...] = ()
    training: Tuple[Obstacle, ...] = ()
    conversions: Tuple[Conversion, ...] = ()
    checklist: Tuple[str, ...] = ()

    def having(self, *outcomes: Outcome) -> Tuple[Obstacle, ...]:
        """Returns the obstacles of some outcomes, in order."""
        return tuple(one for one in self.obstacles if one.outcome in outcomes)

    @property
    def blocking(self) -> Tuple[Obstacle, ...]:
        """The obstacles that change the function or stop the flow."""
        return self.having(Outcome.CHANGES, Outcome.FAILS)

    @property
    def converted_ops(self) -> int:
        """Number of operators that are converted."""
        return sum(len(one.ops) for one in self.conversions)

    def placed(self, place: Callable[[str], Optional[str]]) -> "QuantizerReport":
        """Returns the report with the operators of another graph.

        Args:
            place: returns the operator that an operator has become, None where it has gone.
        """

        def those(ops: Iterable[str]) -> Tuple[str, ...]:
            found = (place(name) for name in ops)
            return tuple(dict.fromkeys(name for name in found if name is not None))

        def moved(obstacles: Iterable[Obstacle]) -> Tuple[Obstacle, ...]:
            return tuple(dataclasses.replace(one, ops=those(one.ops)) for one in obstacles)

        return dataclasses.replace(
            self,
            obstacles=moved(self.obstacles),
            training=moved(self.training),
            conversions=tuple(
                dataclasses.replace(one, ops=those(one.ops)) for one in self.conversions
            ),
        )
