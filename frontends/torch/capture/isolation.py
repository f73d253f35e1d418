"""What a capture changes in the process, kept to the thread that captures."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import logging
import os
import sys
import tempfile
import threading
import warnings
from contextlib import ExitStack, contextmanager
from typing import Any, Callable, Iterator, List

from vai_inspect.frontends.generators import generators_kept
from vai_inspect.frontends.held import Held
from vai_inspect.frontends.objects import root_of
from vai_inspect.frontends.surroundings import Cache

_DEBUG_FOLDER = "TORCH_COMPILE_DEBUG_DIR"


def here() -> Callable[[], bool]:
    """Returns a function that says whether it is called in this thread."""
    own = threading.get_ident()
    return lambda: threading.get_ident() == own


@contextmanager
def _imports_guarded() -> Iterator[None]:
    """Keeps torch, which imports much on a tensor's first use, from what ends the process.

    `triton` crashes where it is loaded after TensorFlow; torch does without it. And a part of
    torch asks for the working folder, which may be gone.
    """
    with ExitStack() as stack:
        if "tensorflow" in sys.modules and "triton" not in sys.modules:
            stack.enter_context(_not_imported("triton"))
        if _DEBUG_FOLDER not in os.environ and not _has_working_folder():
            os.environ[_DEBUG_FOLDER] = tempfile.gettempdir()
            stack.callback(os.environ.pop, _DEBUG_FOLDER, None)
        yield


class _Refuses:
    """Finds a package and does not load it, in the capturing thread."""

    def __init__(self, package: str) -> None:
        self._package = package
        self._here = here()

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """Finds the package and what is in it, and nothing else."""
        if root_of(name) != self._package or not self._here():
            return None
        return importlib.machinery.ModuleSpec(name, self)  # type: ignore[arg-type]

    def create_module(self, spec: Any) -> Any:
        """Raises ImportError: whoever can do without the package catches it."""
        raise ImportError(f"{spec.name} is not loaded while a model is read")

    def exec_module(self, module: Any) -> None:
        """Is not reached."""


@contextmanager
def _not_imported(package: str) -> Iterator[None]:
    finder: Any = _Refuses(package)
    before = {id(one): one.cache_info().misses for one in _answers()}
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for one in _answers():
            if one.cache_info().misses != before.get(id(one), 0):
                one.cache_clear()


def _answers() -> List[Any]:
    """Returns the functions with which torch finds out about triton, and which keep the answer."""
    module = sys.modules.get("torch.utils._triton")
    return [one for one in vars(module).values() if type(one) is Cache] if module else []


def _has_working_folder() -> bool:
    try:
        os.getcwd()
    except OSError:
        return False
    return True


@contextmanager
def isolated() -> Iterator[Held]:
    """Runs code of the user's on a copy so that nothing of it stays; gives what the copy shares.

    What torch warns of is left out: it warns the user when they run the model.
    """
    with ExitStack() as stack:
        stack.enter_context(_imports_guarded())
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        stack.enter_context(generators_kept())
        stack.enter_context(_compiled_as_written())
        stack.enter_context(_addresses_refused())
        yield stack.enter_context(Held())


@contextmanager
def _compiled_as_written() -> Iterator[None]:
    """Has functions that torch.compile was given run as they are written."""
    config: Any = getattr(sys.modules.get("torch._dynamo"), "config", None)
    name = "error_on_nested_fx_trace"
    if config is None or not hasattr(config, name):
        yield
        return
    before = getattr(config, name)
    setattr(config, name, False)
    try:
        yield
    finally:
        setattr(config, name, before)


@contextmanager
def _addresses_refused() -> Iterator[None]:
    """Refuses, in this thread, the address of a tensor without values, which is 0.

    Who asks for it is about to write or read there, which ends the process.
    """
    import torch

    mine = here()
    tensor: Any = torch.Tensor
    original = tensor.data_ptr

    def data_ptr(self: Any) -> int:
        if mine() and self.device.type == "meta":
            raise NotImplementedError("a tensor on the meta device has no address")
        return int(original(self))

    before = vars(tensor).get("data_ptr")
    tensor.data_ptr = data_ptr
    try:
        yield
    finally:
        if before is None:
            del tensor.data_ptr
        else:
            tensor.data_ptr = before


@contextmanager
def silence() -> Iterator[None]:
    """Leaves out what this thread prints and what torch logs in it, such as graphs."""
    mine = here()
    streams = sys.stdout, sys.stderr
    handlers = _handlers()

    def others(record: logging.LogRecord) -> bool:
        return not mine()

    sys.stdout, sys.stderr = (_Others(stream, mine) for stream in streams)
    for handler in handlers:
        handler.addFilter(others)
    try:
        yield
    finally:
        for handler in handlers:
            handler.removeFilter(others)
        sys.stdout, sys.stderr = streams


@contextmanager
def errors_logged(name: str) -> Iterator[List[BaseException]]:
    """Gives the exceptions that this thread logs in a logger meanwhile, in order."""
    mine = here()
    found: List[BaseException] = []

    class _Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if mine() and record.exc_info and record.exc_info[1] is not None:
                found.append(record.exc_info[1])

    logger, kept = logging.getLogger(name), _Kept()
    logger.addHandler(kept)
    try:
        yield found
    finally:
        logger.removeHandler(kept)


class _Others:
    """A stream of which other threads see nothing new, and this one's words are dropped."""

    def __init__(self, stream: Any, mine: Callable[[], bool]) -> None:
        self._stream = stream
        self._mine = mine

    def write(self, text: str) -> int:
        """Writes what another thread writes."""
        return len(text) if self._mine() else int(self._stream.write(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _handlers() -> List[logging.Handler]:
    named = list(logging.root.manager.loggerDict.items())
    loggers: List[Any] = [logging.root]
    loggers += [one for name, one in named if root_of(name) == "torch"]
    found = [handler for one in loggers for handler in getattr(one, "handlers", ())]
    return found + ([logging.lastResort] if logging.lastResort is not None else [])
