"""Runs one call of the forward on the copy's tensors and notes it; what fx and eager share."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

import torch

from vai_inspect.frontends.torch.capture.data_dependence import ANSWERED, TEXTS, asked, deciding
from vai_inspect.frontends.torch.capture.device_policy import DevicePolicy, moving
from vai_inspect.frontends.torch.capture.failures import DataDependentError, needs_values
from vai_inspect.frontends.torch.capture.frames import at_users_line, fx_variable, surroundings
from vai_inspect.frontends.torch.capture.hooks import forward_replaced, has_hooks
from vai_inspect.frontends.torch.capture.in_place import writes
from vai_inspect.frontends.torch.capture.leaf_modules import torch_class
from vai_inspect.frontends.torch.capture.meta_copy import MetaCopy
from vai_inspect.frontends.torch.capture.nested import tensors_of
from vai_inspect.frontends.torch.capture.proxy import proxies_in, replaced
from vai_inspect.frontends.torch.capture.recorder import Recorder, operation_name
from vai_inspect.frontends.torch.capture.trace_ir import depends
from vai_inspect.frontends.torch.capture.value_dependence import is_random, that_count
from vai_inspect.frontends.torch.capture.values import Values
from vai_inspect.frontends.torch.lower.recurrent import GATES, in_one_step


class CallTracer:
    """The calls of one running forward.

    Attributes:
        recorder: holds the trace.
        policy: where the copy's tensors are.
        within: whether a call runs that is one step, so that the calls inside it are none.
        asks: what asked for values that depend on an input, with its line.
    """

    def __init__(self, meta_copy: MetaCopy, policy: DevicePolicy) -> None:
        self.recorder = Recorder(meta_copy.parameters, list(meta_copy.paths.values()))
        self.policy = policy
        self.within = False
        self.asks: List[str] = []
        self._meta_copy = meta_copy
        self._scopes: List[str] = [""]
        self._values = Values(meta_copy.originals, policy) if policy.device == "meta" else None

    def path_of(self, module: Any) -> str:
        """Returns a module's path in the user's model."""
        path = self._meta_copy.paths.get(id(module))
        if path is None:  # a module that is kept in a plain list or made by the forward
            scope = self._scopes[-1]
            name = type(module).__name__
            path = f"{scope}.{name}" if scope else name
        return path

    def module(
        self,
        module: Any,
        call: Callable[..., Any],
        args: Tuple[Any, ...],
        kwargs: Dict[str, Any],
        run: Callable[..., Any],
    ) -> Any:
        """Notes a call of a leaf module as one step, and follows that of any other.

        Args:
            module: the module.
            call: calls it, with its hooks.
            args: positional arguments.
            kwargs: keyword arguments.
            run: as `run`.
        """
        if self.within:
            return call(*args, **kwargs)
        result = self._module(module, call, args, kwargs, run)
        self.recorder.returned(self.path_of(module), replaced(result))
        return result

    def _module(
        self,
        module: Any,
        call: Callable[..., Any],
        args: Tuple[Any, ...],
        kwargs: Dict[str, Any],
        run: Callable[..., Any],
    ) -> Any:
        cls, given = torch_class(module), (args, kwargs)
        if not cls or not (tensors_of(given) or proxies_in(given)):
            with self.inside(module):
                return call(*args, **kwargs)
        forward = module.forward
        if not has_hooks(module):
            return run(forward, cls, args, kwargs, module, cls)

        def leaf(*given: Any, **named: Any) -> Any:
            return run(forward, cls, given, named, module, cls)

        with forward_replaced(module, leaf):
            return call(*args, **kwargs)

    def function(self, function: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Any:
        """Runs a function, method or property as torch hands it over, and notes it."""
        raw = raw_name(function)
        name = operation_name(raw if raw in _DUNDER else function)
        if raw != getattr(function, "__name__", raw):
            name = raw  # a property
        ran = moving(name)
        if raw in _REFLECTED and len(args) == 2:
            name, args, ran = _REFLECTED[raw], args[::-1], _turned(function)
        return self.run(function, name, args, kwargs, ran=ran, raw=raw)

    def run(
        self,
        function: Callable[..., Any],
        name: str,
        args: Tuple[Any, ...],
        kwargs: Dict[str, Any],
        module: Optional[Any] = None,
        module_class: str = "",
        ran: Optional[Callable[..., Any]] = None,
        raw: str = "",
    ) -> Any:
        """Runs a call and notes it as one step, where it gives tensors.

        Args:
            function: what is called.
            name: the operation's name, see `Step`.
            args: positional arguments, with the copy's tensors.
            kwargs: keyword arguments, likewise.
            module: the leaf module that is called; None for a function.
            module_class: name of the torch.nn class that it is.
            ran: what is run in its place, with the same arguments.
            raw: the name as torch itself has it, where it is another.

        Returns:
            What the call returns.
        """
        if module_class in GATES and not self.policy.values:
            ran = in_one_step(module, ran or function)
        with self.one_step():
            count = that_count(name, args, kwargs)
            seen = self.recorder.seen(count)
            changes = writes(function, name, module, kwargs)
            how = "" if module is not None else asked(name, raw or name, args, kwargs)
            if how and depends(self.recorder.seen(deciding(name, args, kwargs))):
                self._note_asking(how)
            dependent = depends(seen)
            if dependent or self._values is None:
                result, read = self._ran(ran or function, name, (args, kwargs), count, how)
                seen = seen if read is count else self.recorder.seen(read)
            elif raw in TEXTS and not self._values.known(args):
                result = function(*args, **kwargs)
            elif raw in TEXTS or (how and (raw or name) in ANSWERED):
                result = self._values.answer(ran or function, args, kwargs, how)
            else:
                self._lend(args, kwargs, count)
                blind = is_random(name) or _has_weights(module)
                result = self._values.run(ran or function, args, kwargs, changes, blind)
                if args and result is args[0] and not changes:
                    return result
            if isinstance(result, torch.Tensor):
                result = self.policy.moved(result)
            outputs = [args[0]] if name == "setitem" else tensors_of(result)
            if outputs:
                frames, within = surroundings()
                self.recorder.step(
                    name,
                    (_tensor_first(name, seen[0]), seen[1]),
                    outputs,
                    self._scopes[-1] if module is None else self.path_of(module),
                    module,
                    frames,
                    writes=changes,
                    constant=not dependent and not is_random(name),
                    module_class=module_class,
                    variable=fx_variable() if module is None else "",
                    within=within,
                )
        return result

    def _ran(
        self, function: Callable[..., Any], name: str, given: Any, count: Any, how: str
    ) -> Tuple[Any, Any]:
        """Returns what a call gives, and those of its arguments that count."""
        args, kwargs = given
        if how and self._values is not None:
            args, kwargs = self._values.settled(name, args, kwargs, how)
        try:
            return self._run(function, args, kwargs), count
        except Exception as error:
            # A constant stands for a number, such as a size; without values it cannot.
            if self._values is None or not needs_values(error):
                raise
            count = self._values.numbers(count)
            return self._run(function, *self._values.numbers((args, kwargs))), count

    def _run(self, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        args, kwargs = self.policy.brought_here(args, kwargs)
        return function(*args, **kwargs)

    def _note_asking(self, how: str) -> None:
        """Stops at what asks for values where there are none; else keeps it in mind."""
        if not self.policy.values:
            raise DataDependentError(how)
        self.asks.append(at_users_line(how))

    def _lend(self, args: Any, kwargs: Any, count: Any) -> None:
        """Has the values know the tensors of which only shape and type are asked for."""
        ours = {id(one) for one in tensors_of(count)}
        for one in tensors_of((args, kwargs)):
            if id(one) not in ours and self._values is not None and self.recorder.knows(one):
                self._values.lend(one)

    @contextmanager
    def one_step(self) -> Iterator[None]:
        """Leaves the calls inside of a step out of the trace."""
        before, self.within = self.within, True
        try:
            yield
        finally:
            self.within = before

    @contextmanager
    def inside(self, module: Any) -> Iterator[None]:
        """Says that what is called meanwhile is called in a module's forward."""
        self._scopes.append(self.path_of(module))
        try:
            yield
        finally:
            self._scopes.pop()


_REFLECTED = {
    "__radd__": "add",
    "__rdiv__": "div",
    "__rfloordiv__": "floordiv",
    "__rmatmul__": "matmul",
    "__rmod__": "mod",
    "__rmul__": "mul",
    "__rpow__": "pow",
    "__rsub__": "sub",
    "__rtruediv__": "div",
}
"""Operators whose tensor stands on the right, as torch calls them, and what they do."""

_DUNDER = frozenset(("__getitem__", "__setitem__"))


def _turned(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda left, right: function(right, left)


def raw_name(function: Any) -> str:
    """Returns a function's name as torch has it; of a property's getter that of the property."""
    name = str(getattr(function, "__name__", function))
    owner = getattr(function, "__self__", None)
    return str(getattr(owner, "__name__", name)) if name == "__get__" else name


def _has_weights(module: Any) -> bool:
    return module is not None and bool([*module.parameters(), *module.buffers()])


def _tensor_first(name: str, args: Tuple[Any, ...]) -> Tuple[Any, ...]:
    """Returns `2 * x` as `x * 2`, as torch itself runs it."""
    number = name in ("add", "mul") and len(args) == 2 and isinstance(args[0], (int, float))
    return args[::-1] if number else args


def run_users_forward(model: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Any:
    """Runs the forward; the name marks where the user's frames begin."""
    return model(*args, **kwargs)


def _default_device() -> str:
    """Returns where tensors are made that name no device."""
    try:
        return str(torch.get_default_device())
    except (AttributeError, RuntimeError):  # torch before 2.3; a device that is not there
        return "unknown"


@contextmanager
def factories_on(policy: DevicePolicy) -> Iterator[None]:
    """Makes tensors that the forward creates on the copy's device, where torch can do so."""
    if hasattr(torch, "set_default_device") and _default_device() != policy.device:
        with torch.device(policy.device):
            yield
    else:
        yield
