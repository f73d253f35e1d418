"""The traced form: what every capture strategy gives, and what the lowerings read.

Everything is in PyTorch's own order of axes here (NCHW); `layout` brings it to NHWC.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, Tuple

from vai_inspect.core.ir import Frame
from vai_inspect.frontends.torch.capture.nested import leaves


@dataclass(frozen=True, eq=False)
class Tensor:
    """A tensor that a call gives, distinguished by identity.

    Attributes:
        shape: every axis in PyTorch's order, batch first.
        dtype: element type as numpy names it.
        constant: whether it depends on none of the model's inputs.
    """

    shape: Tuple[int, ...]
    dtype: str = "float32"
    constant: bool = False

    @property
    def rank(self) -> int:
        """Number of axes."""
        return len(self.shape)


@dataclass(frozen=True, eq=False)
class Constant:
    """A tensor that no call gives: a parameter, a buffer, or any other that the model holds.

    Attributes:
        shape: every axis in PyTorch's order.
        dtype: element type as numpy names it.
        path: the parameter's or buffer's path in the model; empty for anything else.
        key: identifies the constant.
    """

    shape: Tuple[int, ...]
    dtype: str
    path: str = ""
    key: int = 0
    constant = True

    @property
    def rank(self) -> int:
        """Number of axes."""
        return len(self.shape)


@dataclass(frozen=True)
class Step:
    """One call of a leaf module, function or method.

    Attributes:
        operation: class name of a torch.nn module, or name of a function or method without the
            mark of an in-place form: `Conv2d`, `relu`, `add`.
        args: positional arguments, tensors as `Tensor` or `Constant`; of a method the tensor
            that it belongs to comes first.
        kwargs: keyword arguments, likewise.
        outputs: the tensors that the call gives, in order.
        scope: path of the module that is called, or in whose forward the function is called.
        module: the leaf module with its settings, its parameters on the meta device; None for a
            function.
        frames: the user's lines that lead here, innermost last.
        module_class: name of the torch.nn class that the module is, or that the module at `scope`
            is whose forward this function is; empty otherwise.
        variable: name of the node, where the function is called by a torch.fx GraphModule.
        within: what of torch's the user's code runs in here, see `surroundings`.
    """

    operation: str
    args: Tuple[Any, ...]
    kwargs: Dict[str, Any]
    outputs: Tuple[Tensor, ...]
    scope: str
    module: Optional[Any] = None
    frames: Tuple[Frame, ...] = ()
    module_class: str = ""
    variable: str = ""
    within: Tuple[Tuple[str, str], ...] = ()

    @property
    def path(self) -> str:
        """Path of a module; of a function the path of the module around it and its name."""
        if self.module_class:
            return self.scope or self.operation
        name = self.variable or self.operation
        return f"{self.scope}.{name}" if self.scope else name

    @property
    def constant(self) -> bool:
        """Whether what the call gives depends on none of the model's inputs."""
        return all(tensor.constant for tensor in self.outputs)


@dataclass(frozen=True)
class Trace:
    """What a model does with its inputs.

    Attributes:
        inputs: name and tensor of each input, in the order of the model's arguments.
        steps: every call in the order in which it runs.
        outputs: the tensors that the model returns, in order, out of tuples and dicts.
        modules: path of every module of the model.
        warnings: what the trace leaves out.
        returned: what is returned beside tensors: `None`, `number`, `text`, `object`.
        reads: what asks for values of tensors, with its line.
        given_by: path of the module of each call, and the tensor that it returns; None for a call
            that returns anything else, or what depends on no input.
    """

    inputs: Tuple[Tuple[str, Tensor], ...]
    steps: Tuple[Step, ...]
    outputs: Tuple[Any, ...]
    modules: Tuple[str, ...] = ()
    warnings: Tuple[str, ...] = field(default=())
    returned: Tuple[str, ...] = field(default=())
    reads: Tuple[str, ...] = field(default=())
    given_by: Tuple[Tuple[str, Optional[Tensor]], ...] = field(default=())


def tensors_in(value: Any) -> List[Any]:
    """Returns each `Tensor` and `Constant` of nested arguments, in order."""
    return [leaf for leaf in leaves(value) if type(leaf) in (Tensor, Constant)]


def depends(value: Any) -> bool:
    """Returns whether any tensor of nested arguments depends on the model's inputs."""
    return any(not tensor.constant for tensor in tensors_in(value))
