"""Whether plans hold what they promise, when each step is done by hand in code.

    python -m benchmarks.plans [NAME ...]

The networks are those that people bring: a CRNN, a UNet, MobileNetV2 with a LogSoftmax and
torchvision's SSDs, which need no other package, and ultralytics' detectors by the names of their
files (`yolov8n.yaml`). Each step is done on the network as the steps before it left it, and
the network inspected again: a step holds where every count of the inspection, and the time on the
DPU, is what it promised; a remedy of the quantiser also where its obstacle is gone.
"""

from __future__ import annotations

import argparse
import copy
import warnings
from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterator, Optional, Tuple

import torch
from torch import nn

from vai_inspect.core.inspection import Inspection
from vai_inspect.core.plan import PlanStep
from vai_inspect.torch import Inspector

TARGET = "DPUCZDX8G_ISA1_B4096"


class Crnn(nn.Module):
    """Text in a line: convolutions, a recurrent layer over the width, log probabilities."""

    def __init__(self) -> None:
        super().__init__()
        widths = (1, 64, 128, 256, 256)
        self.features = nn.Sequential(
            *(
                nn.Sequential(
                    nn.Conv2d(a, b, 3, padding=1, bias=False),
                    nn.BatchNorm2d(b),
                    nn.ReLU(),
                    nn.MaxPool2d(2 if at < 2 else (2, 1)),
                )
                for at, (a, b) in enumerate(zip(widths, widths[1:]))
            )
        )
        self.rnn = nn.LSTM(512, 128, bidirectional=True, batch_first=True)
        self.classes = nn.Linear(256, 37)

    def forward(self, x: Any) -> Any:
        """Returns log probabilities, (batch, width, classes)."""
        x = self.features(x).flatten(1, 2).permute(0, 2, 1)
        return self.classes(self.rnn(x)[0]).log_softmax(2)


class UNet(nn.Module):
    """Two levels, upsampled by transposed convolutions, a sigmoid at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.ModuleList((_block(3, 32), _block(32, 64), _block(64, 128)))
        self.up = nn.ModuleList(
            (nn.ConvTranspose2d(128, 64, 2, 2), nn.ConvTranspose2d(64, 32, 2, 2))
        )
        self.join = nn.ModuleList((_block(128, 64), _block(64, 32)))
        self.head = nn.Conv2d(32, 1, 1)

    def forward(self, x: Any) -> Any:
        """Returns a mask, (batch, 1, height, width)."""
        passed = []
        for at, block in enumerate(self.down):
            x = block(x if not at else torch.max_pool2d(x, 2))
            passed.append(x)
        for up, join, skipped in zip(self.up, self.join, passed[1::-1]):
            x = join(torch.cat((up(x), skipped), 1))
        return self.head(x).sigmoid()


def _block(a: int, b: int) -> nn.Module:
    parts = []
    for first in (a, b):
        parts += [nn.Conv2d(first, b, 3, padding=1, bias=False), nn.BatchNorm2d(b), nn.SiLU()]
    return nn.Sequential(*parts)


class LogProbabilities(nn.Module):
    """torchvision's MobileNetV2 with a LogSoftmax."""

    def __init__(self) -> None:
        super().__init__()
        self.network = _torchvision().mobilenet_v2(weights=None)
        self.log_softmax = nn.LogSoftmax(1)

    def forward(self, x: Any) -> Any:
        """Returns log probabilities, (batch, classes)."""
        return self.log_softmax(self.network(x))


def _torchvision() -> Any:
    from tests.torchvision_models import torchvision_models

    return torchvision_models()


def _ssd(name: str) -> Any:
    return _torchvision().get_model(name, weights=None, weights_backbone=None)


@dataclass(frozen=True)
class Network:
    """A network to carry a plan out on.

    Attributes:
        build: makes it.
        inputs: what its forward is called with.
        part: shape of the part's input where that is another.
    """

    build: Callable[[], nn.Module]
    inputs: Tuple[Any, ...]
    part: Optional[Tuple[int, ...]] = None


NETWORKS: Dict[str, Network] = {
    "CRNN": Network(Crnn, (torch.zeros(1, 1, 32, 128),)),
    "UNet": Network(UNet, (torch.zeros(1, 3, 128, 128),)),
    "MobileNetV2 + LogSoftmax": Network(LogProbabilities, (torch.zeros(1, 3, 224, 224),)),
    "ssdlite320": Network(
        lambda: _ssd("ssdlite320_mobilenet_v3_large"),
        ([torch.rand(3, 320, 320)],),
        (1, 3, 320, 320),
    ),
    "SSD300": Network(lambda: _ssd("ssd300_vgg16"), ([torch.rand(3, 300, 300)],), (1, 3, 300, 300)),
}


def ultralytics(name: str) -> Network:
    """Returns a network of ultralytics' by its file."""
    from ultralytics import YOLO

    return Network(lambda: YOLO(name).model, (torch.zeros(1, 3, 256, 256),))


@dataclass(frozen=True)
class Done:
    """A step that was done.

    Attributes:
        step: the step.
        promised: counts that it promised.
        found: counts of the network after it.
        obstacle_left: whether an obstacle that it removes is still there.
    """

    step: PlanStep
    promised: Tuple[Any, ...]
    found: Tuple[Any, ...]
    obstacle_left: bool

    @property
    def holds(self) -> bool:
        """Whether it holds."""
        return self.promised == self.found and not self.obstacle_left


def carried_out(network: Network, target: str = TARGET) -> Iterator[Done]:
    """Yields each step of a network's plan, done by hand on a copy of the network.

    Args:
        network: the network.
        target: the DPU.
    """
    inspector = Inspector(target)

    def inspect(module: nn.Module, inputs: Any) -> Inspection:
        return inspector.inspect(module.eval(), inputs, output_dir=None, verbose_level=0)

    model = network.build().eval()
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    inputs: Any = network.inputs
    given = inspect(model, inputs)
    now: nn.Module = copy.deepcopy(model)
    body = now  # what a cut wraps, in which the later steps change modules
    for step in given.plan():
        if step.kind == "cut":
            scope = {"model": now, "inputs": inputs}
            exec(str(step.code), scope)
            now = scope["part"]  # type: ignore[assignment]
            inputs = network.part or inputs
        elif step.kind == "leave":
            _leave(body, [given.op(name) for name in step.ops])
        else:
            HANDS[step.rewrite or str(step.obstacle)](body)
        after = inspect(now, inputs)
        ids = {one.id for one in after.quantizer.blocking} if after.quantizer else set()
        yield Done(step, _promised(step), _counts(after), step.obstacle in ids)


def _counts(inspection: Inspection) -> Tuple[Any, ...]:
    total, estimate = inspection.summary, inspection.default_estimate
    time = None if estimate is None else round(estimate.dpu_ms, 6)
    counts = (total.cpu_ops, total.dpu_subgraphs, total.crossings, total.crossing_bytes)
    return (*counts, total.dpu_macs, time)


def _promised(step: PlanStep) -> Tuple[Any, ...]:
    after = step.after
    time = None if after.dpu_ms is None else round(after.dpu_ms, 6)
    counts = (after.cpu_ops, after.dpu_subgraphs, after.crossings, after.crossing_bytes)
    return (*counts, after.dpu_macs, time)


def _swap(old: type, new: Callable[[], nn.Module]) -> Callable[[nn.Module], None]:
    def swap(model: nn.Module) -> None:
        for module in model.modules():
            for name, child in list(module.named_children()):
                if type(child) is old:
                    setattr(module, name, new())

    return swap


def _plain_attributes(model: nn.Module) -> None:
    """Makes plain tensors of parameters that modules with others within them hold themselves."""
    for module in model.modules():
        for name, parameter in list(module.named_parameters(recurse=False)):
            if list(module.children()):
                delattr(module, name)
                setattr(module, name, parameter.detach())


def _leave(model: nn.Module, ops: Any) -> None:
    """Leaves convolutions to the host: with padding as text the quantiser keeps them in float."""
    for op in ops:
        path = op.op.origin.layers[0]
        parent = model.get_submodule(path.rpartition(".")[0])
        conv = model.get_submodule(path)
        norm = getattr(parent, "bn", None)
        if norm is not None:  # folded, as it is on the DPU
            conv = nn.utils.fuse_conv_bn_eval(conv, norm)
            parent.conv, parent.bn = conv, nn.Identity()
        conv.padding = "same"


HANDS: Dict[str, Callable[[nn.Module], None]] = {
    "swish": _swap(nn.SiLU, nn.Hardswish),
    "relu6-as-hardtanh": _swap(nn.ReLU6, lambda: nn.Hardtanh(0.0, 6.0)),
    "parameter-to-depthwise": _plain_attributes,  # the other form of the same remedy
}
"""How a step is done by hand, by its rewrite or obstacle."""


def main() -> int:
    """Prints a Markdown table: a row for each step of each network."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.plans", description=__doc__)
    parser.add_argument("names", nargs="*", default=list(NETWORKS), metavar="NAME")
    warnings.simplefilter("ignore")
    titles = "network | step | CPU operators | DPU subgraphs | crossings | DPU time, ms | holds"
    print("| {} |\n|{}".format(titles, "---|" * 7))
    failed = 0
    for name in parser.parse_args().names:
        network = NETWORKS.get(name) or ultralytics(name)
        for done in carried_out(network):
            step, before, after = done.step, done.step.before, done.step.after
            failed += not done.holds
            cells = [name, " ".join(filter(None, (step.kind, step.rewrite or step.obstacle)))]
            for field in ("cpu_ops", "dpu_subgraphs", "crossings"):
                cells.append("{:,} to {:,}".format(getattr(before, field), getattr(after, field)))
            cells.append("{:.2f} to {:.2f}".format(before.dpu_ms or 0, after.dpu_ms or 0))
            cells.append("yes" if done.holds else "no: {}".format(done.found))
            print("| {} |".format(" | ".join(cells)), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
