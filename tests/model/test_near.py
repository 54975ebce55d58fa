"""Pictures that are near one picture get the features they get by themselves, whatever the network and the place."""

import numpy as np
import pytest
import torch
from torch import nn

from wetread.model import near as module
from wetread.model import near_graphs
from wetread.model.graph import Graph, GraphEngine
from wetread.model.near import find_boxes
from wetread.model.near_graphs import Span, make_plan, simplify, take_apart, trace
from wetread.model.networks import NetworkSpec, build_network

pytest.importorskip("openvino")

from wetread.model.embedder import convert
from wetread.model.openvino_alone import load_openvino

SIDE = 96


class Seen(nn.Module):
    """Squares as they are stored -> features."""

    def __init__(self, body, channels=3):
        super().__init__()
        self.body, self.channels = body, channels

    def forward(self, squares):
        return self.body((squares.float() - 100) / 60).flatten(1)


def engine_of(body, side=SIDE, channels=3):
    torch.manual_seed(0)
    for layer in body.modules():
        if isinstance(layer, nn.BatchNorm2d):  # no identities, so that a forgotten one would show
            nn.init.normal_(layer.running_mean, 0, 0.1), nn.init.uniform_(layer.running_var, 0.5, 2.0)
            nn.init.uniform_(layer.weight, 0.5, 1.5), nn.init.normal_(layer.bias, 0, 0.2)
    return GraphEngine(Graph(*convert(Seen(body.eval(), channels), side)), side)


def hidden(size, side=SIDE, channels=3, places=None, seed=0):
    """A picture, then copies of it with a square of noise: in all corners, along all borders, in the middle."""
    random = np.random.default_rng(seed)
    base = random.integers(0, 256, (channels, side, side), dtype=np.uint8)
    far, middle = side - size, (side - size) // 2
    if places is None:
        places = [(0, 0), (0, far), (far, 0), (far, far), (0, middle), (middle, 0), (far, 13), (29, far), (middle, 7)]
    squares = [base]
    for top, left in places:
        copy = base.copy()
        copy[:, top : top + size, left : left + size] = random.integers(0, 256, (channels, size, size))
        squares.append(copy)
    return np.stack(squares)


@pytest.fixture(autouse=True)
def eager(monkeypatch):
    """Graphs are built at once, and for any gain: here it is about numbers."""
    monkeypatch.setattr(module, "BUILDING", 0.0)
    monkeypatch.setattr(module, "FEW", 2)
    monkeypatch.setattr(module, "WORTH_IT", 1e9)
    monkeypatch.setattr(near_graphs, "_MOVE", 0)


def near_of(engine, squares):
    """By patches, and whether they were used."""
    found = engine.near(squares)
    return found, engine._near[squares.shape[1]]


def assert_same(engine, squares):
    expected = engine(squares)
    found, near = near_of(engine, squares)
    assert near._engines and not near._refused
    assert np.abs(expected[1:] - expected[0]).max() > 1e-3 * np.abs(expected).max()  # the box can be seen
    np.testing.assert_allclose(found, expected, atol=1e-4 * np.abs(expected).max())
    return near._engines[0]


@pytest.mark.parametrize("name", ["densenet121", "resnet18", "mobilenetv2_035", "small"])
def test_networks_that_explain(name):
    torch.manual_seed(1)
    engine = engine_of(build_network(NetworkSpec(name, 1, 3, SIDE)).body)
    assert_same(engine, hidden(12))


class Inception(nn.Module):
    """Branches of unlike kernels, paddings and poolings, joined again."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 12, 3, stride=2), nn.ReLU(), nn.Conv2d(12, 12, 3), nn.Hardswish())
        self.long = nn.Sequential(nn.Conv2d(12, 8, (1, 7), padding=(0, 3)), nn.Conv2d(8, 8, (7, 1), padding=(3, 0)))
        self.wide = nn.Sequential(nn.Conv2d(12, 8, 3, padding=2, dilation=2), nn.SiLU())
        self.mean = nn.Sequential(nn.AvgPool2d(3, 1, 1), nn.Conv2d(12, 8, 1), nn.GELU())
        self.less = nn.Conv2d(12, 10, 3, stride=2)
        self.most = nn.MaxPool2d(3, 2)
        self.last = nn.Conv2d(24, 10, 3, stride=2)

    def forward(self, batch):
        maps = self.stem(batch)
        joined = torch.cat([self.long(maps), self.wide(maps), self.mean(maps)], dim=1)
        joined = torch.cat([self.less(maps) + self.last(joined), self.most(maps)], dim=1)
        return torch.relu(joined).mean(dim=(2, 3))


def test_branches_that_reach_unlike_far():
    torch.manual_seed(2)
    assert len(assert_same(engine_of(Inception()), hidden(12)).plan.spans) > 10


LAYERS = [
    *(
        nn.Conv2d(6, 6, kernel, stride=stride, padding=padding, groups=groups, bias=groups == 1)
        for kernel in (1, 2, 3, 4, 5, 7)
        for stride, padding, groups in ((1, 0, 1), (1, kernel // 2, 6), (2, kernel // 2, 1), (3, kernel // 3, 2))
    ),
    nn.MaxPool2d(2), nn.MaxPool2d(3, 2, 1), nn.MaxPool2d(3, 1, 1), nn.MaxPool2d(5, 3, 2), nn.MaxPool2d(2, dilation=3),
    nn.AvgPool2d(2), nn.AvgPool2d(3, 2, 1), nn.AvgPool2d(3, 1), nn.AvgPool2d(3, 1, 1, count_include_pad=False),
    nn.MaxPool2d(3, 2, ceil_mode=True), nn.Sequential(nn.ReLU6(), nn.Hardswish()), nn.PReLU(6), nn.Identity(),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(LAYERS)))
def test_each_layer_between_two_convolutions(number):
    torch.manual_seed(number)
    body = nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(), LAYERS[number], nn.BatchNorm2d(6), nn.Conv2d(6, 8, 3, padding=1),
        nn.ReLU(), nn.Conv2d(8, 9, 3, stride=2), nn.ReLU(), Mean(),
    )  # fmt: skip
    assert_same(engine_of(body, side=50), hidden(6, side=50))


class Mean(nn.Module):
    def forward(self, batch):
        return batch.mean(dim=(2, 3))


class Squeezed(nn.Module):
    """Squeeze and excitation: what one cell shows changes all others."""

    def __init__(self):
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2, 1), nn.Conv2d(8, 8, 3))
        self.gate = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(8, 8, 1), nn.Sigmoid())
        self.last = nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, batch):
        maps = self.first(batch)
        return torch.relu(self.last(maps * self.gate(maps))).mean(dim=(2, 3))


def test_a_layer_that_looks_at_all_cells_ends_the_patches():
    torch.manual_seed(3)
    engine = engine_of(Squeezed())
    used = assert_same(engine, hidden(10))
    assert {rows.stride for rows, _ in used.plan.spans.values()} == {1, 2}
    assert not any("Sigmoid" in key for key in used.plan.spans)


def test_a_network_without_places_goes_the_usual_way(monkeypatch):
    monkeypatch.setattr(module, "WORTH_IT", near_graphs.WORTH_IT)
    body = nn.Sequential(nn.Flatten(), nn.Linear(3 * 20 * 20, 5))
    engine = engine_of(body, side=20)
    squares = hidden(4, side=20, places=[(0, 0), (8, 8)])
    found, near = near_of(engine, squares)
    assert not near._engines
    np.testing.assert_array_equal(found, engine(squares))


def small_body():
    torch.manual_seed(4)
    return build_network(NetworkSpec("small", 1, 3, SIDE)).body


def test_a_larger_box_gets_graphs_of_its_own_and_smaller_ones_share_them():
    engine = engine_of(small_body())
    first = assert_same(engine, hidden(12))
    assert assert_same(engine, hidden(11)) is first
    second = assert_same(engine, hidden(24))
    assert second is not first and second.plan.reach > first.plan.reach
    assert len(engine._near[3]._engines) == 2


def test_boxes_that_cover_the_picture_go_the_usual_way(monkeypatch):
    monkeypatch.setattr(module, "WORTH_IT", near_graphs.WORTH_IT)
    engine, squares = engine_of(small_body()), hidden(SIDE - 4, places=[(0, 0), (4, 4)])
    found, near = near_of(engine, squares)
    assert not near._engines
    np.testing.assert_array_equal(found, engine(squares))


def test_graphs_that_give_other_numbers_are_not_used(monkeypatch):
    engine, squares = engine_of(small_body()), hidden(12)
    seen = Span.seen_by
    monkeypatch.setattr(
        Span, "seen_by", lambda self, *asked: Span(seen(self, *asked).first + 1, *_rest(seen(self, *asked)))
    )
    found, near = near_of(engine, squares)
    assert near._refused and not near._engines
    np.testing.assert_array_equal(found, engine(squares))


def _rest(span):
    return span.size, span.stride, span.full


def test_graphs_are_built_once_they_would_have_paid(monkeypatch):
    engine = engine_of(small_body())
    squares = hidden(12)
    engine.near(squares)
    near = engine._near[3]
    per_picture, layers = near._engines[0].plan.saved, len(trace(near._model()))
    near._engines.clear()
    near._asked = 0
    monkeypatch.setattr(module, "BUILDING", per_picture * 2.5 * len(squares) / layers)
    for built in (False, False, True):
        engine.near(squares)
        assert bool(near._engines) == built


def test_a_copy_that_differs_nowhere_is_the_picture_itself():
    engine, squares = engine_of(small_body()), hidden(12)
    squares[3] = squares[0]
    assert find_boxes(squares[0], squares[1:])[2] == (0, 0, 0, 0)
    found, _ = near_of(engine, squares)
    np.testing.assert_allclose(found[3], found[0], atol=1e-5 * np.abs(found).max())


def test_one_after_another_pictures_leave_nothing_behind():
    engine = engine_of(small_body())
    for seed in range(3):
        assert_same(engine, hidden(12, seed=seed))


def test_a_plan_saves_what_it_says(monkeypatch):
    """DenseNet-121 at 224 with the windows of occlusion: half of the multiplications."""
    monkeypatch.setattr(near_graphs, "_MOVE", 30)
    engine = engine_of(build_network(NetworkSpec("densenet121", 1, 3, 224)).body, side=224)
    model = load_openvino().Core().read_model(engine.graph.xml, engine.graph.weights)
    model.reshape([1, 3, 224, 224])
    before = _work(trace(model))
    simplify(model)
    layers = trace(model)
    # Means come before the convolutions of the transitions, and a dense layer concatenates to what is there.
    assert _work(layers) < 0.92 * before
    concatenations = [layer for layer in layers if layer.node.get_type_name() == "Concat" and len(layer.shape) == 4]
    assert all(len(layer.inputs) <= 2 for layer in concatenations)
    boxes = [(row, column, row + 28, column + 28) for row in range(0, 197, 14) for column in range(0, 197, 14)]
    plan = make_plan(layers, 224, boxes)
    assert plan.step == 8 and plan.reach == 34 and plan.share < 0.6
    assert all(plan.start(box) is not None for box in boxes)
    assert plan.start((0, 0, 60, 20)) is None
    graphs = take_apart(model, layers, plan)
    assert graphs is not None and len(graphs.alive) <= 2


def _work(layers):
    return sum(layer.work * int(np.prod(layer.shape[2:])) for layer in layers)
