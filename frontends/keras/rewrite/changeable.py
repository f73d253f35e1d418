"""A live model that rewrites are done on, each on a copy, and its twin with random weights."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Dict, Iterator, Optional, Sequence, Tuple

from vai_inspect.frontends.generators import generators_kept
from vai_inspect.frontends.keras.live.generation import Generation, generation_of
from vai_inspect.frontends.keras.live.input_shapes import resolve_inputs
from vai_inspect.frontends.keras.live.layer_state import state_kept
from vai_inspect.frontends.keras.live.model_kind import check_answers, inner_function, opened
from vai_inspect.frontends.keras.lower.channels_first import keeps_first
from vai_inspect.frontends.keras.rewrite.edit import Edit
from vai_inspect.frontends.keras.rewrite.rebuild import Place, place_of, rebuilt
from vai_inspect.frontends.keras.rewrite.sites import OPEN_CHANNELS, Site, Sites
from vai_inspect.frontends.keras.rewrite.table import PROGRAMS
from vai_inspect.frontends.keras.rewrite.twin import (
    OTHER_SIZES,
    Twin,
    depends_on_inputs,
    difference,
    has_open_sizes,
    random_inputs,
    randomise,
)

NO_PROGRAM = "fix does not automate it; do it by hand, as the plan has it"
IN_FLOAT32 = (
    "changes were checked in the model's own element type, as it cannot be made again in float64"
)
CONSTANT = (
    "with random weights an output of the network is the same for every input, so that the check "
    "says little of it"
)


@dataclass(frozen=True)
class Changed:
    """What became of a rewrite.

    Attributes:
        model: the changed model; None where nothing was changed.
        left: why not, for each operator at which it was not done.
    """

    model: Optional["Changeable"]
    left: Dict[str, str]


class Changeable:
    """A Functional or Sequential model that is nobody else's.

    Attributes:
        model: the model, with the user's weights.
    """

    def __init__(self, model: Any, shapes: Any, batch: int, twin: Optional[Twin] = None) -> None:
        """Keeps the model.

        Args:
            model: the model.
            shapes: what it is inspected with; see `capture`.
            batch: see `capture`.
            twin: its form with random weights; None where it is made when it is needed.
        """
        self.model = model
        self._shapes = shapes
        self._batch = batch
        self._known_twin = twin

    @property
    def notes(self) -> Tuple[str, ...]:
        """What is to be known of how changes were checked."""
        twin = self._known_twin
        if twin is None:
            return ()
        found = (
            (not twin.float64, IN_FLOAT32),
            (not depends_on_inputs(twin.outputs), CONSTANT),
        )
        return tuple(note for there, note in found if there)

    def apply(self, rewrite: str, ops: Sequence[str]) -> Changed:
        """Does a rewrite at operators, on a copy.

        Args:
            rewrite: its id.
            ops: names of operators, as `capture` gives them.

        Raises:
            ModelError: a layer cannot be made again.
        """
        if rewrite not in PROGRAMS:
            return Changed(None, dict.fromkeys(ops, NO_PROGRAM))
        keras = generation_of(self.model)
        with _kept(keras):
            edits, left = self._edits(self.model, keras, rewrite, ops)
            if not edits:
                return Changed(None, left)
            done = [op for op in ops if op not in left]
            new = rebuilt(self.model, inner_function(self.model), keras, edits)
            twin = self._twin
            twins, _ = self._edits(twin.model, keras, rewrite, done)
            other = rebuilt(twin.model, inner_function(twin.model), keras, twins)
        made = Twin(other, twin.inputs, twin.float64, twin.others)
        return Changed(Changeable(new, self._shapes, self._batch, made), left)

    def error_of(self, other: "Changeable") -> float:
        """Returns how far another model's outputs are from this one's; see `difference`."""
        with generators_kept():
            one, two = self._twin, other._twin
            error = difference(one.outputs, two.outputs)
            if one.other_outputs is not None:
                error = max(error, difference(one.other_outputs, two.other_outputs or ()))
            return error

    @property
    def _twin(self) -> Twin:
        if self._known_twin is None:
            keras = generation_of(self.model)
            with _kept(keras):
                try:
                    self._known_twin = self._new_twin(keras, "float64")
                except Exception:
                    # A layer of the user's may insist on its element type.
                    self._known_twin = self._new_twin(keras, None)
        return self._known_twin

    def _new_twin(self, keras: Generation, dtype: Optional[str]) -> Twin:
        function = inner_function(self.model)
        given = resolve_inputs(function, self._shapes, self._batch, keras)
        model = rebuilt(self.model, function, keras, {}, dtype)
        inputs = random_inputs(model, given)
        randomise(model, inputs)
        twin = Twin(model, inputs, dtype is not None)
        _ = twin.outputs  # a layer may refuse its element type only now
        for size in OTHER_SIZES if has_open_sizes(model) else ():
            others = random_inputs(model, given, size)
            wider = Twin(model, inputs, twin.float64, others)
            if wider.other_outputs is not None:
                return wider
        return twin

    def _edits(
        self, model: Any, keras: Generation, rewrite: str, ops: Sequence[str]
    ) -> Tuple[Dict[Place, Edit], Dict[str, str]]:
        sites = Sites(inner_function(model), self._shapes, self._batch, keras)
        edits: Dict[Place, Edit] = {}
        left: Dict[str, str] = {}
        for op in ops:
            found = _edit(sites.find(op), rewrite)
            if isinstance(found, str):
                left[op] = found
            else:
                edits[found[0]] = found[1]
        return edits, left


def changeable(model: Any, input_args: Any = None, batch: int = 1) -> Changeable:
    """Returns a copy of a model that rewrites can be done on; the model is untouched.

    Args:
        model: a live model.
        input_args: see `capture`.
        batch: see `capture`.

    Raises:
        VaiInspectError: it is no model that can be read, or a layer cannot be made again from
            its config.
    """
    check_answers(model)
    keras = generation_of(model)
    call = opened(model, input_args, batch)
    with _kept(keras), state_kept(model), call as function:
        return Changeable(rebuilt(model, function, keras, {}), input_args, batch)


def _edit(site: "Site | str", rewrite: str) -> "Tuple[Place, Edit] | str":
    if isinstance(site, str):
        return site
    if keeps_first(site.seen.operation):
        return "it keeps its channels first"
    if any(len(one.shape) == 4 and one.shape[-1] is None for one in site.keras.inputs(site.node)):
        return OPEN_CHANNELS
    found = PROGRAMS[rewrite](site)
    if isinstance(found, str):
        return found
    return place_of(() if found.outermost else site.around, found.node), found


@contextmanager
def _kept(keras: Generation) -> Iterator[None]:
    """Sets back what making layers draws from and counts."""
    with keras.names_kept(), generators_kept():
        yield
