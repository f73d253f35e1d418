"""Calls that are left out, and layers that are made one for each call."""

from __future__ import annotations

from typing import Any, List, Union

from vai_inspect.frontends.keras.live.model_kind import is_class
from vai_inspect.frontends.keras.rewrite.edit import Edit
from vai_inspect.frontends.keras.rewrite.maker import Maker
from vai_inspect.frontends.keras.rewrite.sites import Site

IDLE = frozenset(
    ("ActivityRegularization", "AlphaDropout", "Copy", "Dropout", "GaussianDropout")
    + ("GaussianNoise", "Identity", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D")
    + ("StopGradient",)
)
"""What gives at inference what it reads."""


def drop_noise(site: Site) -> Union[Edit, str]:
    """A layer that does nothing at inference is left out."""
    if site.seen.name not in IDLE:
        return "it is not known to give at inference what it reads"
    if site.made.step.training:
        return "it is called with training=True"
    return Edit(site.node, (site.source,), lambda make, tensors: tensors[0])


def clone_shared(site: Site) -> Union[Edit, str]:
    """A layer that is called more than once becomes one for each call, with the same weights."""
    layer = site.layer
    if site.made.step.calls < 2 or not is_class(type(layer), "Layer"):
        return "its layer is called once"
    symbols = site.keras.inputs(site.node)
    args, kwargs = site.arguments(site.node)
    if len(args) != 1 or kwargs:
        return "it is called with more than what it reads"
    several = isinstance(args[0], (list, tuple))

    def write(make: Maker, tensors: List[Any]) -> Any:
        return make.like(layer, tensors if several else tensors[0])

    return Edit(site.node, tuple(symbols), write)
