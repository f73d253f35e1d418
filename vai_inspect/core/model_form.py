"""How a model is built, beyond its operators: relevant to a quantiser and not to a DPU."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Tuple


@dataclass(frozen=True)
class ModelForm:
    """How the user built a model and what it is called with.

    Attributes:
        kind: `Functional`, `Sequential` or `subclassed` (Keras); `Sequential`, `Module`,
            `ScriptModule`, `TracedModule` or `ExportedProgram` (PyTorch); empty where unknown.
        wrapper: class that the model was taken out of, such as `DataParallel`; empty for none.
        nested: paths of models that the model calls (Keras).
        inputs: for each argument that is no tensor what it is: `dict`, `list`, `None`, `bool`.
        outputs: what is returned beside tensors in tuples, lists and dicts: `None`, `number`,
            `object`.
        computed_weights: path of each module whose weight the forward computes, and how.
        reads: what the forward asks of tensors' values, with the line: `bool at net.py:12`.
    """

    kind: str = ""
    wrapper: str = ""
    nested: Tuple[str, ...] = ()
    inputs: Tuple[Tuple[str, str], ...] = ()
    outputs: Tuple[str, ...] = ()
    computed_weights: Tuple[Tuple[str, str], ...] = ()
    reads: Tuple[str, ...] = ()
