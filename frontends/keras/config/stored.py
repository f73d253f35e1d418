"""The model description of a model file of any format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict


@dataclass(frozen=True)
class Stored:
    """A model as a file describes it.

    Attributes:
        config: the object with `class_name` and `config` that Keras made of the model.
        version: the version of Keras that wrote it; an empty text where the file has none.
        path: the file or folder.
    """

    config: Dict[str, Any]
    version: str
    path: str

    @property
    def keras_2(self) -> bool:
        """Whether Keras 2 wrote it, or one before that; files without a version are as old."""
        return not self.version.split(".")[0].isdigit() or int(self.version.split(".")[0]) < 3
