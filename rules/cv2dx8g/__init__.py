"""DPUCV2DX8G: Versal AI Edge and Versal with AIE-ML: VEK280, Alveo V70.

Its rules are not written yet: every operator is unknown on these targets.
"""

from __future__ import annotations

from vai_inspect.rules.cv2dx8g import release_3_0, release_3_5
from vai_inspect.rules.family import Family

FAMILY = Family(
    name="cv2dx8g",
    dpu="DPUCV2DX8G",
    title="Versal with AIE-ML: VEK280, Alveo V70 and boards of your own",
    guide="PG425",
    package=__name__,
    decoders=(release_3_5.ISA1, release_3_5.ISA0, release_3_0.ISA0),
)
