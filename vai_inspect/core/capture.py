"""The result of a frontend."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from typing import FrozenSet, Mapping, Optional, Tuple

from vai_inspect.core.inspection.parts import ModelInfo
from vai_inspect.core.ir import Graph
from vai_inspect.core.model_form import ModelForm
from vai_inspect.core.passes import normalise
from vai_inspect.core.passes.batch_norm import FOLDS_BATCH_NORM
from vai_inspect.core.quantizer import QuantizerReport


@dataclass(frozen=True)
class Captured:
    """A model read into the IR, before any pass.

    Attributes:
        graph: the operators of the framework as XIR kinds, with NHWC shapes.
        model: what the report says of the model.
        warnings: notes for the user on how it was read.
        batch_norm_into: kinds that fold a batch norm after them, as the vendor's quantiser
            of this framework does it.
        batch: the batch used for inputs that leave theirs open; None where none does.
        form: how the model is built, beyond its operators.
        quantizer: what the vendor's quantiser does with it; None before that stage.
    """

    graph: Graph
    model: ModelInfo
    warnings: Tuple[str, ...] = ()
    batch_norm_into: FrozenSet[str] = FOLDS_BATCH_NORM
    batch: Optional[int] = None
    form: ModelForm = ModelForm()
    quantizer: Optional[QuantizerReport] = None

    @cached_property
    def normalised(self) -> Graph:
        """The graph after every pass, which is the same for all targets.

        Raises:
            GraphError: a pass made an unsound graph, which is a defect of vai_inspect.
        """
        return normalise(self.graph, self.batch_norm_into)

    def renamed(self, names: Mapping[str, str]) -> "Captured":
        """Returns the model with other names of operators.

        Args:
            names: as of `Graph.renamed`.
        """
        asked = self.quantizer
        return dataclasses.replace(
            self,
            graph=self.graph.renamed(names),
            quantizer=asked and asked.placed(lambda name: names.get(name, name)),
        )
