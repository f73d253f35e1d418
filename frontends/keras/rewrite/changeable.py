"""A live model that rewrites are done on, each on a copy, and its shadow with random weights."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

from vai_inspect.frontends.generators import generators_kept
from vai_inspect.frontends.keras.live.generation import Generation, generation_of
from vai_inspect.frontends.keras.live.layer_state import state_kept
from vai_inspect.frontends.keras.live.model_kind import check_answers, inner_function, opened
from vai_inspect.frontends.keras.lower.channels_first import keeps_first
from vai_inspect.frontends.keras.rewrite import shadow
from vai_inspect.frontends.keras.rewrite.edit import Edit
from vai_inspect.frontends.keras.rewrite.rebuild import Place, place_of, rebuilt
from vai_inspect.frontends.keras.rewrite.sites import Site, Sites
from vai_inspect.frontends.keras.rewrite.table import PROGRAMS

NO_PROGRAM = "no program does it; do it by hand, as the plan has it"
IN_FLOAT32 = (
    "changes were checked in the model's own element type, as it cannot be made again in float64"
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
        notes: what is to be known of how it is checked.
    """

    def __init__(
        self, model: Any, twin: Any, inputs: List[Any], shapes: Any, batch: int, note: str = ""
    ) -> None:
        """Keeps the model and its twin; see `changeable`."""
        self.model = model
        self.notes: Tuple[str, ...] = (note,) if note else ()
        self._twin = twin
        self._inputs = inputs
        self._shapes = shapes
        self._batch = batch
        self._note = note

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
            twins, _ = self._edits(self._twin, keras, rewrite, done)
            new = rebuilt(self.model, inner_function(self.model), keras, edits)
            twin = rebuilt(self._twin, inner_function(self._twin), keras, twins)
        made = Changeable(new, twin, self._inputs, self._shapes, self._batch, self._note)
        return Changed(made, left)

    def error_of(self, other: "Changeable") -> float:
        """Returns how far another model's outputs are from this one's; see `shadow.difference`."""
        with generators_kept():
            return shadow.difference(self._twin, other._twin, self._inputs)

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
        copy = rebuilt(model, function, keras, {})
        sites = Sites(inner_function(copy), input_args, batch, keras)
        note = ""
        try:
            twin = rebuilt(copy, inner_function(copy), keras, {}, "float64")
            inputs = shadow.random_inputs(twin, sites.inputs)
            shadow.randomise(twin, inputs)
            shadow.difference(twin, twin, inputs)
        except Exception:
            # A layer of the user's may insist on its element type.
            note = IN_FLOAT32
            twin = rebuilt(copy, inner_function(copy), keras, {})
            inputs = shadow.random_inputs(twin, sites.inputs)
            shadow.randomise(twin, inputs)
    return Changeable(copy, twin, inputs, input_args, batch, note)


def _edit(site: "Site | str", rewrite: str) -> "Tuple[Place, Edit] | str":
    if isinstance(site, str):
        return site
    if keeps_first(site.seen.operation):
        return "it keeps its channels first"
    found = PROGRAMS[rewrite](site)
    return found if isinstance(found, str) else (place_of(site.around, found.node), found)


@contextmanager
def _kept(keras: Generation) -> Iterator[None]:
    """Sets back what making layers draws from and counts."""
    with keras.names_kept(), generators_kept():
        yield



