"""Where the shared constraints are written down, each source under one name."""

from __future__ import annotations

UG1414 = "UG1414 3.5, Currently Supported Operators"
UG1414_25 = "UG1414 2.5, Currently Supported Operators"
DIGEST = "UG1414 3.5, chapter 4 (by a digest)"
PT25 = "dpu_op_filter.py of Vitis AI 2.5"
INSPECTOR_3 = "post rules of the 3.x inspector"
TF25 = "keras vai_utf limits of Vitis AI 2.5"
COMPILER_1_3 = 'compiler message \'DPU only supports "pad_left" less than "kernel_width"\''
DEFINITIONS = "the target definitions"
PYXIR = "pyxir common_op_support"
