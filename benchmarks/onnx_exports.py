"""Holds files of torch.onnx against the PyTorch modules that they were exported from.

    python -m benchmarks.onnx_exports                        # every model, TorchScript's exporter
    python -m benchmarks.onnx_exports --exporter dynamo resnet18 mobilenet_v2

Operators, shapes, devices and reasons are compared, not names. What PyTorch's quantiser does is
left out, and a flatten and a reshape are the same, since exporters write either.
Needs torchvision and timm; `dynamo` needs onnx and onnxscript, too. A model takes some seconds.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
import tempfile
import warnings
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any, Callable, Iterable, Iterator, List, NamedTuple, Tuple
from typing import Counter as Count

TARGET = "DPUCZDX8G_ISA1_B4096"
TORCHVISION = (
    ("alexnet", "vgg11_bn", "resnet18", "resnext50_32x4d", "wide_resnet50_2", "densenet121")
    + ("googlenet", "inception_v3", "mobilenet_v2", "mobilenet_v3_small", "mobilenet_v3_large")
    + ("mnasnet0_5", "shufflenet_v2_x0_5", "squeezenet1_1", "efficientnet_b0", "efficientnet_v2_s")
    + ("regnet_x_400mf", "regnet_y_400mf", "convnext_tiny", "swin_t", "vit_b_16", "maxvit_t")
    + ("segmentation.deeplabv3_mobilenet_v3_large", "segmentation.fcn_resnet50")
    + ("segmentation.lraspp_mobilenet_v3_large",)
)
TIMM = (
    (
        "resnet50d",
        "seresnet50",
        "tf_efficientnet_lite0",
        "ghostnet_100",
        "hardcorenas_a",
        "mixnet_s",
    )
    + ("repvgg_a0", "dla34", "hrnet_w18_small", "cspdarknet53", "vovnet39a", "ese_vovnet19b_dw")
    + ("nfnet_f0", "rexnet_100", "lcnet_100", "mobilevit_s", "levit_128s", "poolformer_s12")
    + ("resmlp_12_224", "mixer_s32_224", "deit_tiny_patch16_224", "convnextv2_atto", "fbnetc_100")
    + ("spnasnet_100", "semnasnet_100", "selecsls42b", "res2net50_26w_4s", "skresnet18")
    + ("resnest14d", "eca_resnet33ts", "tresnet_m", "efficientformer_l1", "edgenext_xx_small")
    + ("mobileone_s0", "inception_resnet_v2", "xception41", "dpn68", "darknet53", "regnetz_b16")
    + ("gernet_s",)
)

Row = Tuple[str, Tuple[Tuple[int, ...], ...], str, Tuple[str, ...]]
"""Kind, output shapes, device and constraints that are broken."""


class Difference(NamedTuple):
    """What one report has and the other has not.

    Attributes:
        direct: rows of the module's report alone.
        exported: rows of the file's report alone.
        total: operators of the module's report.
    """

    direct: Count[Row]
    exported: Count[Row]
    total: int


def rows(captured: Any) -> Count[Row]:
    """Returns the operators of a report, however often each is there; no constants."""
    from vai_inspect.pipeline import inspect_graph
    from vai_inspect.rules.targets.lookup import lookup

    inspection = inspect_graph(captured, lookup(TARGET))
    return Counter(
        (
            "reshape" if op.type == "flatten" else op.type,
            tuple(tensor.shape for tensor in op.op.outputs),
            str(getattr(op.device, "value", op.device)),
            tuple(sorted({finding.constraint for finding in op.findings})),
        )
        for op in inspection.ops
        if op.type != "const"
    )


def export(model: Any, inputs: Any, path: Path, exporter: str, opset: Any = None) -> None:
    """Writes the file of a module, with nothing printed."""
    import torch

    options = {} if opset is None else {"opset_version": opset}
    if exporter == "dynamo":
        options.update(dynamo=True, external_data=False, verbose=False)
    else:
        options.update(dynamo=False)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        torch.onnx.export(model, inputs, str(path), **options)


def difference(model: Any, inputs: Any, exporter: str, opset: Any = None) -> Difference:
    """Exports a module and compares the two reports."""
    from vai_inspect.frontends.onnx import capture as read_onnx
    from vai_inspect.frontends.torch import capture

    direct = rows(capture(model, inputs))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        export(model, inputs, path, exporter, opset)
        exported = rows(read_onnx(path))
    return Difference(direct - exported, exported - direct, sum(direct.values()))


def _models(names: List[str]) -> Iterator[Tuple[str, Any, int]]:
    from tests.torchvision_models import torchvision_models

    networks = torchvision_models()
    import timm  # which imports torchvision, too

    for name in names or [*TORCHVISION, *TIMM]:
        if name in TIMM:
            model = timm.create_model(name, pretrained=False)
            yield name, model.eval(), model.default_cfg["input_size"][-1]
            continue
        found: Any = networks
        for part in name.split("."):
            found = getattr(found, part)
        more: Any = {"weights_backbone": None} if "segmentation" in name else {}
        if name in ("googlenet", "inception_v3"):
            more["init_weights"] = False
        yield name, found(weights=None, **more).eval(), 299 if name == "inception_v3" else 224


def _image(size: int) -> Any:
    import torch

    return torch.randn(1, 3, size, size)


def report(found: Iterable[Tuple[str, Callable[[], Difference]]]) -> None:
    """Prints a line for each model as it is compared, those operators that differ, and the count.

    Args:
        found: models by name, and what compares each.
    """
    same = total = 0
    for name, compare in found:
        total += 1
        try:
            one = compare()
        except Exception as error:
            print(f"{name:44} {type(error).__name__}: {str(error)[:100]}", flush=True)
            continue
        same += not one.direct and not one.exported
        counts = sum(one.direct.values()), sum(one.exported.values())
        print("{:44} {:5} operators, {:4} / {:4} differ".format(name, one.total, *counts))
        for side, those in (("module", one.direct), ("file", one.exported)):
            kinds = Counter((row[0], row[2]) for row in those.elements())
            if kinds:
                listed = ("{} {} ({})".format(n, *kind) for kind, n in kinds.most_common())
                print("    the {} alone: {}".format(side, ", ".join(listed)))
        sys.stdout.flush()
    print(f"{same} of {total} are the same")


def main() -> None:
    """Prints a line for each model, and those operators that differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*")
    parser.add_argument("--exporter", choices=("torchscript", "dynamo"), default="torchscript")
    parser.add_argument("--opset", type=int)
    given = parser.parse_args()
    report(
        (name, partial(difference, model, _image(size), given.exporter, given.opset))
        for name, model, size in _models(given.models)
    )


if __name__ == "__main__":
    main()
