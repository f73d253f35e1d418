"""The generators of random numbers that everybody shares, set back after a model was read.

A forward, an initializer or a call on symbolic tensors may draw numbers; the user's own draw
afterwards is to give what it would have given without an inspection.
"""

from __future__ import annotations

import random
import sys
from contextlib import contextmanager
from typing import Any, Callable, Iterator, List

SetBack = Callable[[], Any]


@contextmanager
def generators_kept() -> Iterator[None]:
    """Sets the global generators of Python, numpy, torch and TensorFlow back at the end.

    Those of frameworks that are not loaded yet are not touched.
    """
    state = random.getstate()
    found: List[SetBack] = [lambda: random.setstate(state)]
    for note in (_numpy, _torch, _tensorflow):
        found += note()
    try:
        yield
    finally:
        for set_back in found:
            set_back()


def _numpy() -> List[SetBack]:
    generators: Any = sys.modules.get("numpy.random")
    if generators is None:
        return []
    state = generators.get_state()
    return [lambda: generators.set_state(state)]


def _torch() -> List[SetBack]:
    torch: Any = sys.modules.get("torch")
    if torch is None or not hasattr(torch, "get_rng_state"):
        return []
    state = torch.get_rng_state()
    found: List[SetBack] = [lambda: torch.set_rng_state(state)]
    for name in ("cuda", "xpu"):
        device = getattr(torch, name, None)
        if device is not None and getattr(device, "is_initialized", bool)():
            states = device.get_rng_state_all()
            found.append(_later(device.set_rng_state_all, states))
    backends = getattr(torch.backends, "mps", None)
    if backends is not None and backends.is_available():
        found.append(_later(torch.mps.set_rng_state, torch.mps.get_rng_state()))
    return found


def _tensorflow() -> List[SetBack]:
    """TensorFlow's eager generator of seeds, and its global generator where there is one."""
    found: List[SetBack] = []
    context: Any = sys.modules.get("tensorflow.python.eager.context")
    seeds = getattr(getattr(context, "_context", None), "_rng", None)
    if isinstance(seeds, random.Random):
        found.append(_later(seeds.setstate, seeds.getstate()))
    operations: Any = sys.modules.get("tensorflow.python.ops.stateful_random_ops")
    generator = getattr(operations, "global_generator", None)
    if generator is not None:
        found.append(_later(generator.state.assign, generator.state.read_value()))
    return found


def _later(function: Callable[[Any], Any], state: Any) -> SetBack:
    return lambda: function(state)
