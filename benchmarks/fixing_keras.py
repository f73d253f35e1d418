"""What Keras' networks need to run whole on a DPU, and whether `fix` gets them there.

    python -m benchmarks.fixing_keras [--target T] [--only NAME ...] [--markdown FILE]

As `benchmarks.fixing`, for keras.applications, and for those of tf_keras that Keras 3 lacks.
"""

from __future__ import annotations

import os
from typing import Any, Dict, List, Tuple

from benchmarks.fixing import result, run, untouched

SIZES = {
    **{f"EfficientNetB{number}": 0 for number in range(8)},
    "Inception": 96,
    "Xception": 96,
    "NASNet": 96,
}
"""Height and width of the input, by the beginning of the name; 0 for the network's own, as large
pools show there alone. 64 for the rest."""
OLDER = ("RegNetX002", "RegNetX004", "RegNetX008", "RegNetY002", "RegNetY004", "ResNetRS50")
"""Networks of tf_keras alone; larger ones of their families differ in size."""


def names() -> List[str]:
    """Returns the networks of keras.applications, and of tf_keras those that Keras 3 lacks."""
    import keras

    found = vars(keras.applications)
    return sorted(one for one in found if one[0].isupper() and callable(found[one])) + list(OLDER)


def network(name: str) -> Any:
    """Returns a network with random weights."""
    import keras

    library: Any = keras
    if name in OLDER:
        import tf_keras

        library = tf_keras
    size = next((found for start, found in SIZES.items() if name.startswith(start)), 64)
    settings: Dict[str, Tuple[int, int, int]] = {"input_shape": (size, size, 3)} if size else {}
    return getattr(library.applications, name)(weights=None, **settings)


def surveyed(name: str, target: str) -> Dict[str, Any]:
    """Returns what a network needs, and what `fix` makes of it.

    Where the plan has no rewrite there is nothing to fix.
    """
    import keras

    from vai_inspect.keras import Inspector, fix

    keras.backend.clear_session()
    model = network(name)
    found = Inspector(target).inspect(model, output_dir=None, verbose_level=0)
    if not any(step.kind == "rewrite" for step in found.steps):
        return untouched(name, found)
    return result(name, lambda approximate: fix(model, target, approximate=approximate))


def main() -> None:
    """Surveys Keras' networks."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    run(surveyed, names, __doc__)


if __name__ == "__main__":
    main()
