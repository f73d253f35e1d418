"""Rewrites done on a live Keras model, by program: the functional graph made again."""

from __future__ import annotations

from vai_inspect.frontends.keras.rewrite.changeable import Changeable, changeable
from vai_inspect.frontends.keras.rewrite.table import PROGRAMS

__all__ = ["PROGRAMS", "Changeable", "changeable"]
