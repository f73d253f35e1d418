"""Recurrent layers and attention are leaves; their multiply-accumulates are torch's own count."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

from tests.frontends.torch.reading import Calls  # noqa: E402
from vai_inspect.torch import Inspector  # noqa: E402

counter = pytest.importorskip("torch.utils.flop_counter")


def first(module, **settings):
    return Calls(lambda m, x: m.part(x, **settings)[0], part=module)


def attends(m, x):
    return m.part(x[:, :4], x, x)[0]


MODELS = {
    "RNN": first(nn.RNN(16, 8)),
    "GRU": first(nn.GRU(16, 8, 2, batch_first=True)),
    "LSTM": first(nn.LSTM(16, 8, 2, batch_first=True, bidirectional=True)),
    "LSTM, projected": first(nn.LSTM(16, 8, 2, proj_size=4)),
    "GRUCell": Calls(lambda m, x: m.part(x[:, 0]), part=nn.GRUCell(16, 8)),
    "LSTMCell": Calls(lambda m, x: m.part(x[:, 0])[0], part=nn.LSTMCell(16, 8)),
    "MultiheadAttention": Calls(
        lambda m, x: m.part(x, x, x)[0], part=nn.MultiheadAttention(16, 4, batch_first=True)
    ),
    "of other lengths": Calls(attends, part=nn.MultiheadAttention(16, 4, batch_first=True)),
    "without weights": Calls(
        lambda m, x: m.part(x, x, x, need_weights=False)[0], part=nn.MultiheadAttention(16, 4)
    ),
    "a product of attention": Calls(
        lambda m, x: F.scaled_dot_product_attention(x[:, None, :3], x[:, None], x[:, None])
    ),
    "a layer of a transformer": nn.TransformerEncoderLayer(16, 4, 32, batch_first=True),
}


@pytest.mark.parametrize("name", MODELS)
def test_the_count_is_that_of_torch(name):
    model = MODELS[name].eval()
    result = Inspector("DPUCZDX8G_ISA1_B4096").inspect(model, (2, 6, 16), "cpu", None, 0)
    assert result.model.capture == "fx"
    assert not [op.name for op in result.ops if op.macs is None]
    with counter.FlopCounterMode(display=False) as flops, torch.no_grad():
        model.to("meta")(torch.empty(2, 6, 16, device="meta"))
    assert result.summary.macs == flops.get_total_flops() / 2


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
@pytest.mark.parametrize("batch_first", [False, True])
def test_a_recurrent_layer_is_run_for_one_step(kind, batch_first, monkeypatch):
    layer = getattr(nn, kind)(16, 8, batch_first=batch_first)
    owner, name = torch._VF, {"RNN": "rnn_tanh"}.get(kind, kind.lower())
    own, steps = getattr(owner, name), []

    def spy(x, *rest):
        steps.append(x.shape[1 if batch_first else 0])
        return own(x, *rest)

    monkeypatch.setattr(owner, name, spy)
    shape = (2, 1600, 16) if batch_first else (1600, 2, 16)
    result = Inspector("DPUCZDX8G_ISA1_B4096").inspect(first(layer), shape, "cpu", None, 0)
    assert set(steps) == {1}
    (op,) = [op for op in result.ops if op.type == "unknown"]
    assert op.op.output.shape == (*shape[:2], 8)
    assert op.verdict.value == "unsupported"


def test_a_recurrent_layer_refuses_what_it_would_refuse():
    from vai_inspect.core.errors import CaptureError

    with pytest.raises(CaptureError, match="16"):
        Inspector("DPUCZDX8G_ISA1_B4096").inspect(first(nn.LSTM(16, 8)), (5, 1, 12), "cpu", None, 0)
