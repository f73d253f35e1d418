"""What objects are: the user's or not, what they hold, and what of it cannot be looked into."""

from __future__ import annotations

import copy
import functools
import random
import sys
import types
import warnings
from typing import Any, Callable, Iterator, List, Optional, Tuple

from vai_inspect.core.errors import CaptureError

LARGE = 64 * 2**20
"""Bytes of an array that is locked instead of copied."""
ATOMS = frozenset(
    (bool, bytes, complex, float, int, str, type(None), type(Ellipsis), type(NotImplemented), range)
    + (type, types.ModuleType, types.BuiltinFunctionType)
)
"""Types of which nothing can be changed, or nothing is looked into."""
OUTSIDE = frozenset(
    ("builtins", "io", "_io", "threading", "_thread", "logging", "socket", "_socket", "ssl")
    + ("subprocess", "multiprocessing", "concurrent", "asyncio", "ctypes", "_ctypes", "tempfile")
    + ("weakref", "_weakref", "contextvars", "importlib", "sqlite3", "mmap", "enum", "signal")
    + ("re", "abc", "typing", "inspect", "traceback", "pathlib", "zipfile", "tarfile", "numpy")
    + ("itertools",)
)
"""Packages whose objects stand for something outside the model, or are never changed."""


FRAMEWORKS = ("keras", "tf_keras", "tensorflow", "torch", "jax", "jaxlib", "wrapt")


def is_users(cls: type) -> bool:
    """Returns whether a class is the user's: neither Python's own nor a framework's."""
    roots = {root_of(base.__module__) for base in cls.__mro__ if base is not object}
    return is_users_module(cls.__module__) and not roots & {"enum", "logging"}


def is_users_module(name: Any) -> bool:
    """Returns whether a module is neither one of Python's nor of a framework's."""
    return root_of(name) not in OUTSIDE and root_of(name) not in FRAMEWORKS


def root_of(name: Any) -> str:
    """Returns the package of a module's name."""
    return str(name).split(".")[0]


def cells(function: Any) -> List[Any]:
    """Returns what a function has from the functions around it."""
    found = []
    for cell in function.__closure__ or ():
        try:
            found.append(cell.cell_contents)
        except ValueError:  # not assigned yet
            continue
    return found


def slots_of(cls: type) -> Iterator[Any]:
    """Yields the descriptors of the slots that the classes of an object have."""
    for base in cls.__mro__:
        if "__slots__" in vars(base):
            for found in vars(base).values():
                if isinstance(found, types.MemberDescriptorType):
                    yield found


def slot(descriptor: Any, thing: Any) -> Tuple[Any, ...]:
    """Returns what is in a slot of an object: one thing or none."""
    try:
        return (descriptor.__get__(thing, type(thing)),)
    except AttributeError:  # nothing in it
        return ()


class CannotBeCopied:
    """Stands for what would be used up, and of which Python makes no copy."""

    def __init__(self, value: Any) -> None:
        self._kind = type(value).__name__

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> Any:
        raise CaptureError(
            f"the model reads a {self._kind} that it holds, which cannot be copied for the "
            "inspection; have it hold a list"
        )

    send = throw = __next__


_COPIED = frozenset(
    ("count", "cycle", "repeat", "list_iterator", "tuple_iterator", "range_iterator")
    + ("str_iterator", "str_ascii_iterator", "bytes_iterator", "longrange_iterator")
)


def copy_of_iterator(value: Any) -> Any:
    """Returns a copy of an iterator, or what stands for it where Python makes no copy."""
    if type(value).__name__ not in _COPIED:
        return CannotBeCopied(value)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # from Python 3.12 on
            return copy.copy(value)
    except TypeError:
        return CannotBeCopied(value)


def is_array(value: Any) -> bool:
    """Returns whether something is an array of numpy's."""
    numpy: Any = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, numpy.ndarray)


def state_of(value: Any) -> Optional[Callable[[], Any]]:
    """Returns what sets an array, a variable or a generator back; None for anything else."""
    if isinstance(value, random.Random):
        return _later(value.setstate, value.getstate())
    if is_array(value):
        return _later(functools.partial(value.__setitem__, Ellipsis), value.copy())
    numpy: Any = sys.modules.get("numpy.random")
    if numpy is not None and isinstance(value, numpy.RandomState):
        return _later(value.set_state, value.get_state())
    if numpy is not None and isinstance(value, numpy.Generator):
        bits = value.bit_generator
        return _later(functools.partial(setattr, bits, "state"), bits.state)
    torch: Any = sys.modules.get("torch")
    drawn: Any = value
    if isinstance(value, getattr(torch, "Generator", ())):
        return _later(drawn.set_state, drawn.get_state())
    if _is_own_tensor(torch, value):
        return functools.partial(_rewrite, value, value.detach().clone(), value._version)
    if hasattr(type(value), "read_value") and "tensorflow" in sys.modules:
        # A variable shares its memory with what was read of it, until it is assigned.
        return _later(value.assign, value.read_value())
    return None


def _is_own_tensor(torch: Any, value: Any) -> bool:
    kind = getattr(torch, "Tensor", ())
    return isinstance(value, kind) and value.is_leaf and not value.is_inference()


def _rewrite(tensor: Any, values: Any, version: int) -> None:
    if tensor._version != version:  # a write counts as a change when it is differentiated
        tensor.detach().copy_(values)


def is_generator(value: Any) -> bool:
    """Returns whether something is a generator of random numbers of numpy's or torch's."""
    numpy: Any = sys.modules.get("numpy.random")
    kinds = [getattr(numpy, name, ()) for name in ("RandomState", "Generator")]
    kinds.append(getattr(sys.modules.get("torch"), "Generator", ()))
    return any(isinstance(value, kind) for kind in kinds)


def copy_of_generator(value: Any) -> Any:
    """Returns a copy of a generator of random numbers; None for anything else."""
    if not (isinstance(value, random.Random) or is_generator(value)):
        return None
    torch: Any = sys.modules.get("torch")
    drawn: Any = value
    if not isinstance(value, getattr(torch, "Generator", ())):
        return copy.deepcopy(value)
    made = torch.Generator(device=drawn.device)
    made.set_state(drawn.get_state())
    return made


def _later(function: Callable[[Any], Any], state: Any) -> Callable[[], Any]:
    return lambda: function(state)
