"""Records the calls of a running forward; every strategy makes its trace with it.

A strategy runs the forward on tensors of its own, and reports each call to the recorder with the
tensors that went in and came out. Tensors are distinguished by identity; an operation in place
gives its tensor a new meaning, so that whoever reads it later reads the result.
"""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Sequence, Tuple

from vai_inspect.core.ir import Frame
from vai_inspect.frontends.torch.capture.failures import TooLongError
from vai_inspect.frontends.torch.capture.nested import mapped, plain
from vai_inspect.frontends.torch.capture.returned import returned_beside_tensors
from vai_inspect.frontends.torch.capture.trace_ir import (
    Constant,
    Step,
    Tensor,
    Trace,
    depends,
    tensors_in,
)

MOST_STEPS = 100_000
"""Calls that are noted; large networks have some thousand. Half a minute's work, and about a GB."""
THROUGH_VIEWS = ("write_through_view", "read_through_view")
"""Names of the steps that stand for memory which two tensors share; no call of the user's."""


class Recorder:
    """The trace as it grows.

    Attributes:
        steps: what was noted so far.
    """

    def __init__(self, parameters: Dict[int, str], modules: Sequence[str]) -> None:
        """Begins an empty trace.

        Args:
            parameters: path of each parameter and buffer, by identity.
            modules: paths of all modules.
        """
        self.steps: List[Step] = []
        self._parameters = parameters
        self._modules = tuple(modules)
        self._inputs: List[Tuple[str, Tensor]] = []
        self._meaning: Dict[int, Tensor] = {}
        self._constants: Dict[int, Constant] = {}
        self._alive: List[Any] = []
        self._given_by: List[Tuple[str, Optional[Tensor]]] = []

    def input(self, name: str, tensor: Any) -> None:
        """Notes an input of the model."""
        self._inputs.append((name, self._enter(tensor)))

    def knows(self, tensor: Any) -> bool:
        """Returns whether a tensor depends on the model's inputs."""
        found = self._meaning.get(id(tensor))
        return found is not None and not found.constant

    def returned(self, path: str, result: Any) -> None:
        """Notes what a call of a module has returned."""
        known = _is_tensor(result) and self.knows(result)
        self._given_by.append((path, self._meaning[id(result)] if known else None))

    def step(
        self,
        operation: str,
        given: Tuple[Tuple[Any, ...], Dict[str, Any]],
        outputs: Sequence[Any],
        scope: str,
        module: Optional[Any] = None,
        frames: Tuple[Frame, ...] = (),
        writes: bool = False,
        constant: bool = False,
        module_class: str = "",
        variable: str = "",
        within: Tuple[Tuple[str, str], ...] = (),
    ) -> None:
        """Notes a call that has run.

        Args:
            operation: see `Step`.
            given: positional and keyword arguments, as `seen` returns them.
            outputs: the strategy's tensors that came out.
            scope: see `Step`.
            module: see `Step`.
            frames: see `Step`.
            writes: whether it changed its outputs in place.
            constant: whether its outputs depend on none of the model's inputs.
            module_class: see `Step`.
            variable: see `Step`.
            within: see `Step`.
        """
        if len(self.steps) >= MOST_STEPS:
            raise TooLongError(
                f"The model's forward makes more than {MOST_STEPS:,} calls, or never ends; "
                "inspect the part of the model that repeats."
            )
        bases = [getattr(tensor, "_base", None) for tensor in outputs] if writes else []
        before = [(base, self.seen(base)) for base in bases if base is not None]
        new = tuple(self._enter(tensor, constant) for tensor in outputs)
        self.steps.append(
            Step(operation, *given, new, scope, module, frames, module_class, variable, within)
        )
        for base, was in before:
            # What is written into a view is written into its base, too.
            read = (was, *new)
            after = self._enter(base, not depends(read))
            self.steps.append(Step(THROUGH_VIEWS[0], read, {}, (after,), scope, None, frames))

    def trace(self, outputs: Any, warnings: Sequence[str] = ()) -> Trace:
        """Returns the trace, with all tensors in what the forward returned as its outputs."""
        found = tuple(tensors_in(self.seen(_opened(outputs, 0))))
        beside = tuple(dict.fromkeys(returned_beside_tensors(outputs)))
        return Trace(
            tuple(self._inputs),
            tuple(self.steps),
            found,
            self._modules,
            tuple(warnings),
            beside,
            given_by=tuple(self._given_by),
        )

    def seen(self, value: Any) -> Any:
        """Returns nested arguments with the strategy's tensors as `Tensor` or `Constant`."""
        return mapped(value, self._token)

    def _token(self, value: Any) -> Any:
        if not _is_tensor(value):
            return plain(value)
        found = self._meaning.get(id(value))
        if found is None or found.constant:
            found = self._view(value) or found
        return found or self._constant(value)

    def _enter(self, tensor: Any, constant: bool = False) -> Tensor:
        shape = tuple(int(size) for size in tensor.shape)
        token = Tensor(shape, dtype_name(tensor), constant)
        self._meaning[id(tensor)] = token
        self._alive.append(tensor)
        return token

    def _view(self, tensor: Any) -> Optional[Tensor]:
        """Returns a view that was a constant until its base was written; None for any other."""
        base = getattr(tensor, "_base", None)
        if base is None or not self.knows(base):
            return None
        read = (self._meaning[id(base)],)
        new = self._enter(tensor)
        self.steps.append(Step(THROUGH_VIEWS[1], read, {}, (new,), ""))
        return new

    def _constant(self, tensor: Any) -> Constant:
        if id(tensor) not in self._constants:
            path = self._parameters.get(id(tensor), "")
            shape = tuple(int(size) for size in tensor.shape)
            self._constants[id(tensor)] = Constant(shape, dtype_name(tensor), path, id(tensor))
            self._alive.append(tensor)
        return self._constants[id(tensor)]


def dtype_name(tensor: Any) -> str:
    """Returns a tensor's element type as numpy names it."""
    return str(tensor.dtype).replace("torch.", "")


def operation_name(target: Any) -> str:
    """Returns a function's or method's name without the marks of its variants.

    In-place (`add_`), dunder (`__add__`, `__iadd__`) and ATen forms (`aten::add.Tensor`) are one
    and the same operation.
    """
    name = _plain_name(target)
    return _SYNONYMS.get(name, name)


def _plain_name(target: Any) -> str:
    schema = getattr(target, "_schema", None)
    name = getattr(schema, "name", None) or getattr(target, "__name__", None)
    name = str(name if name is not None else target).split("::")[-1]
    if name.startswith("__") and name.endswith("__"):
        name = name.strip("_")
        return name[1:] if name[0] == "i" and name[1:] in _IN_PLACE else name
    if name in IN_PLACE:
        return IN_PLACE[name]
    return name[:-1] if name.endswith("_") and not name.startswith("_") else name


_SYNONYMS = {"truediv": "div", "_threshold": "threshold"}
"""Names of operators that torch itself has another name for."""

_IN_PLACE = frozenset(
    ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor")
)
IN_PLACE = {"i" + name: name for name in _IN_PLACE}
"""Names of the operators in place, such as `iadd`, and of what each does."""


def _opened(value: Any, depth: int) -> Any:
    """Returns what a forward returned with objects that hold tensors turned into dicts."""
    if _is_tensor(value) or depth > 6:
        return value
    if isinstance(value, dict):
        return {key: _opened(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_opened(item, depth + 1) for item in value]
    if hasattr(value, "__dict__") and not isinstance(value, type):
        return {key: _opened(item, depth + 1) for key, item in vars(value).items()}
    return value


def _is_tensor(value: Any) -> bool:
    import torch

    return issubclass(type(value), torch.Tensor)
