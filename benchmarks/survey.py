"""Whether networks are read faithfully, and how fast beside torch.fx.

    python -m benchmarks.survey PACKAGE [--part I/N]

PACKAGE is timm, ultralytics, smp, torchvision or keras. A line of JSON for each network:

- `layers`: convolutions and linear layers that ran (counted by forward hooks) against those in the
  graph, where they differ;
- `macs`, `flops`: multiply-accumulates of the graph, and half of what torch's FlopCounterMode
  counts; `unknown`: operators whose own are not known;
- `ratio`: time of reading it over that of torch.fx.symbolic_trace and ShapeProp, on the meta
  device, in one process, where torch.fx can.
"""

from __future__ import annotations

import argparse
import collections
import copy
import json
import time
import warnings
from typing import Any, Callable, Dict, Iterator, List, Tuple

from vai_inspect.core.cost import macs

Build = Callable[[], Tuple[Any, Any]]
"""Returns a network and the shape or inputs that it reads."""
_PRODUCTS = ("conv", "depthwise", "inner-product", "transposed")


def timm_networks(number: int = 100) -> Iterator[Tuple[str, Build]]:
    """Yields the first network of each of timm's families, then further ones."""
    import timm

    families: Dict[str, List[str]] = {}
    for name in timm.list_models():
        families.setdefault(timm.models._registry._model_to_module[name], []).append(name)
    rows = [[one[at] for one in families.values() if at < len(one)] for at in (0, 3, 9)]

    def build(name: str) -> Tuple[Any, Any]:
        model = timm.create_model(name, pretrained=False)
        size = model.default_cfg.get("input_size", (3, 224, 224))
        return model, (1, *size)

    for name in [name for row in rows for name in row][:number]:
        yield name, lambda name=name: build(name)  # type: ignore[misc]


def ultralytics_networks(number: int = 100) -> Iterator[Tuple[str, Build]]:
    """Yields the networks whose configurations ultralytics comes with, smallest scale."""
    from pathlib import Path

    import ultralytics
    from ultralytics import YOLO

    folder = Path(ultralytics.__file__).parent / "cfg" / "models"
    found = sorted(folder.rglob("*.yaml"))
    without = ("world", "yoloe", "rtdetr", "resnet")  # which ask for more than a file
    plain = [one for one in found if not any(word in one.name for word in without)]

    def build(path: Path) -> Tuple[Any, Any]:
        size = 224 if "cls" in path.name else 256
        return YOLO(str(path)).model, (1, 3, size, size)

    for path in plain[:number]:
        yield path.stem, lambda path=path: build(path)  # type: ignore[misc]


def smp_networks(number: int = 24) -> Iterator[Tuple[str, Build]]:
    """Yields each decoder of segmentation-models-pytorch with two encoders."""
    import segmentation_models_pytorch as smp

    names = ("Unet", "UnetPlusPlus", "MAnet", "Linknet", "FPN", "PSPNet", "PAN", "DeepLabV3")
    names += ("DeepLabV3Plus", "UPerNet", "Segformer", "DPT")
    pairs = [(name, encoder) for encoder in ("resnet18", "mobilenet_v2") for name in names]
    for name, encoder in pairs[:number]:
        encoder = "tu-vit_tiny_patch16_224" if name == "DPT" else encoder

        def build(name: str = name, encoder: str = encoder) -> Tuple[Any, Any]:
            model = getattr(smp, name)(encoder_name=encoder, encoder_weights=None)
            return model, (1, 3, 224, 224)

        yield f"{name} {encoder}", build


def torchvision_networks(number: int = 200) -> Iterator[Tuple[str, Build]]:
    """Yields all networks of torchvision."""
    from tests.torchvision_models import torchvision_models

    models = torchvision_models()

    def build(name: str) -> Tuple[Any, Any]:
        options: Dict[str, Any] = {"weights": None}
        if "rcnn" in name or name.startswith(("ssd", "retina", "fcos", "deeplab", "fcn", "lraspp")):
            options["weights_backbone"] = None
        model = models.get_model(name, **options)
        if "rcnn" in name or name.startswith(("retina", "fcos", "ssd")):
            import torch

            return model, ([torch.rand(3, 320, 320)],)
        if name.startswith("raft"):
            return model, [(1, 3, 128, 128), (1, 3, 128, 128)]
        video = name.startswith(("r3d", "mc3", "r2plus1d", "s3d", "mvit", "swin3d"))
        size = 299 if name == "inception_v3" else 224
        return model, (1, 3, 16, size, size) if video else (1, 3, size, size)

    for name in models.list_models()[:number]:
        yield name, lambda name=name: build(name)  # type: ignore[misc]


def keras_networks(number: int = 100) -> Iterator[Tuple[str, Build]]:
    """Yields all networks of keras.applications."""
    import keras

    for name, make in sorted(vars(keras.applications).items()):
        if isinstance(make, type(keras_networks)) and name[0].isupper():
            yield name, lambda make=make: (make(weights=None), None)  # type: ignore[misc]


NETWORKS: Dict[str, Callable[[], Iterator[Tuple[str, Build]]]] = {
    "timm": timm_networks,
    "ultralytics": ultralytics_networks,
    "smp": smp_networks,
    "torchvision": torchvision_networks,
    "keras": keras_networks,
}


def of_torch(build: Build) -> Dict[str, Any]:
    """Returns the figures of a network of PyTorch."""
    import torch

    from vai_inspect.frontends.torch import capture

    try:
        with torch.device("meta"):
            model, given = build()
    except Exception:  # what asks for values as it is made
        model, given = build()
    model = model.eval()
    bare = copy.deepcopy(model).to("meta")
    tensors = _inputs(given)
    try:
        ran, flops = _run(bare, tensors)
    except Exception:  # what asks for values as it runs
        model = build()[0].eval()
        ran, flops = _run(model, _real(tensors))
    capture(model, given)  # imports, and what torch keeps from the first time
    start = time.process_time()
    captured = capture(model, given)
    taken = time.process_time() - start
    graph = captured.graph
    unread = {name for text in captured.warnings if "reads them" in text for name in _names(text)}
    found = collections.Counter(
        op.origin.layers[0]
        for op in graph
        if op.origin.layers and op.kind.startswith(_PRODUCTS) or _opaque(op)
    )
    wrong = {
        path: [number, found.get(path, 0)]
        for path, number in ran.items()
        if found.get(path, 0) != number and path not in unread
    }
    counts = [macs(op, graph) for op in graph]
    unknown = sorted({_name(op) for op, one in zip(graph, counts) if one is None})
    return {
        "capture": captured.model.capture,
        "layers": wrong,
        "ran": sum(ran.values()),
        "macs": sum(one or 0 for one in counts),
        "flops": flops // 2,
        "unknown": unknown,
        "ms": round(1000 * taken, 1),
        "fx": _fx(bare, tensors),
        "warnings": [text[:160] for text in captured.warnings],
    }


def _inputs(given: Any) -> Any:
    import torch

    def tensor(one: Any) -> Any:
        if isinstance(one, torch.Tensor):
            return one.to("meta")
        if isinstance(one[0], int):
            return torch.empty(one, device="meta")
        return [tensor(item) for item in one]

    return [tensor(given)] if isinstance(given[0], int) else [tensor(one) for one in given]


def _real(tensors: Any) -> Any:
    import torch

    if isinstance(tensors, torch.Tensor):
        return torch.rand(tensors.shape, device="cpu")
    return [_real(one) for one in tensors]


def _first(tensors: Any) -> Any:
    return _first(tensors[0]) if isinstance(tensors, list) else tensors


def _run(model: Any, tensors: Any) -> Tuple["collections.Counter[str]", int]:
    """Returns how often each convolution and linear layer ran, and torch's count of operations."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    ran: "collections.Counter[str]" = collections.Counter()
    layers = (torch.nn.modules.conv._ConvNd, torch.nn.Linear)
    handles = [
        one.register_forward_hook(lambda *_, path=path: ran.update([path]))
        for path, one in model.named_modules()
        if isinstance(one, layers)
    ]
    counter = FlopCounterMode(display=False)
    model.requires_grad_(False)  # torch's counter takes no parameters that stand as arguments else
    try:
        with torch.no_grad(), counter, torch.device(_first(tensors).device):
            model(*tensors)
    finally:
        for handle in handles:
            handle.remove()
    return ran, counter.get_total_flops()


def _fx(model: Any, tensors: Any) -> Any:
    """Returns the milliseconds of torch.fx, or why it cannot."""
    import torch
    from torch.fx.passes.shape_prop import ShapeProp

    start = time.process_time()
    try:
        with torch.no_grad(), torch.device("meta"):
            ShapeProp(torch.fx.symbolic_trace(model)).propagate(*tensors)
    except Exception as error:
        return type(error).__name__
    return round(1000 * (time.process_time() - start), 1)


def of_keras(build: Build) -> Dict[str, Any]:
    """Returns the figures of a network of Keras."""
    from vai_inspect.frontends.keras import capture

    model, _ = build()
    kinds = ("Conv", "Dense", "DepthwiseConv", "SeparableConv")
    ran = collections.Counter(
        layer.name for layer in model._flatten_layers() if type(layer).__name__.startswith(kinds)
    )
    open_axes = any(None in one.shape[1:] for one in model.inputs)
    shape = (1, 224, 224, 3) if open_axes else None
    capture(model, shape)
    start = time.process_time()
    captured = capture(model, shape)
    taken = time.process_time() - start
    found = collections.Counter(
        op.origin.layers[0].split("/")[-1] for op in captured.graph if op.kind.startswith(_PRODUCTS)
    )
    counts = [macs(op, captured.graph) for op in captured.graph]
    wrong = {path: [1, found[path]] for path in ran if not found[path]}
    return {
        "capture": captured.model.capture,
        "layers": wrong,
        "ran": sum(ran.values()),
        "macs": sum(one or 0 for one in counts),
        "unknown": sorted({_name(op) for op, one in zip(captured.graph, counts) if one is None}),
        "ms": round(1000 * taken, 1),
        "warnings": [text[:160] for text in captured.warnings],
    }


def _opaque(op: Any) -> bool:
    return op.kind == "unknown" and bool(op.origin.layers) and bool(op.params)


def _name(op: Any) -> str:
    return str(op.attributes().get("framework_type") or op.kind)


def _names(text: str) -> List[str]:
    return text.split(": ", 1)[1].split(", ")


def main() -> int:
    """Prints a line of JSON for each network of a package."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.survey", description=__doc__)
    parser.add_argument("package", choices=list(NETWORKS))
    parser.add_argument("--part", default="0/1", help="I/N: each Nth network from the Ith on")
    wanted = parser.parse_args()
    at, parts = (int(one) for one in wanted.part.split("/"))
    figures = of_keras if wanted.package == "keras" else of_torch
    if wanted.package != "keras":
        from tests.torchvision_models import torchvision_models

        torchvision_models()  # what timm and others import, without its C operators
    warnings.simplefilter("ignore")
    for number, (name, build) in enumerate(NETWORKS[wanted.package]()):
        if number % parts == at:
            try:
                row = figures(build)
            except (Exception, SystemExit) as error:
                row = {"error": "{}: {}".format(type(error).__name__, " ".join(str(error).split()))}
            print(json.dumps({"name": name, **row}), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
