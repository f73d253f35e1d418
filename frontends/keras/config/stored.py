"""The model description of a model file of any format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict


@dataclass(frozen=True)
class Stored:
    """A model as its file or config describes it.

    Attributes:
        config: the saved object, with `class_name` and `config`.
        version: the version of Keras that saved it; empty if not recorded.
        path: the file or folder; for a config without a file, what messages call it.
        in_file: whether there is a file, which Keras could load.
    """

    config: Dict[str, Any]
    version: str
    path: str
    in_file: bool = True

    @property
    def keras_2(self) -> bool:
        """Whether Keras 2 or earlier saved it, as all files without a version."""
        major = self.version.split(".")[0]
        return not major.isdigit() or int(major) < 3
