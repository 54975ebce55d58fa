"""A frozen network gives the same features whoever computes them, and nothing that lies around can change one."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from wetread.errors import InputError
from wetread.model import backbone as module
from wetread.model.backbone import Backbone, average_fields
from wetread.model.classifier import pack_arrays
from wetread.model.graph import GraphEngine
from wetread.model.inputs import Inputs
from wetread.model.networks import NetworkSpec, build_network, explain_mismatch
from wetread.model.preprocess import Preprocess
from wetread.weights.stored import Facts, find_stored, store

pytest.importorskip("openvino")

SIDE = 64


def fresh_arrays(name):
    """Random weights whose batch norms are no identities, so that a forgotten one would show."""
    torch.manual_seed(0)
    network = build_network(NetworkSpec(name, 2, side=SIDE)).body.net
    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.running_mean.normal_(0, 0.1)
            layer.running_var.uniform_(0.5, 2.0)
    return {key: tensor.numpy() for key, tensor in network.state_dict().items()}


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty weights home and an empty cache."""
    monkeypatch.setenv("WETREAD_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setenv("WETREAD_CACHE", str(tmp_path / "cache"))
    return tmp_path


def stored(name="test_resnet", **facts):
    return store(Facts(name, name, side=SIDE, **facts), pack_arrays(fresh_arrays(name)))


def noise(images=5, channels=3, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (images, channels, SIDE, SIDE), dtype=np.uint8)


def by_torch(weights, squares):
    """The features as torch computes them from the definition: normalise, then the network."""
    preprocess = Preprocess(weights.side, 3, weights.mean, weights.deviation)
    spec = NetworkSpec(weights.network, 2, options=weights.options, side=weights.side)
    network = build_network(spec, Backbone.load(weights).arrays())
    with torch.no_grad():
        return network.eval().body(torch.from_numpy(preprocess.normalise(squares))).numpy()


def relative(found, expected):
    return np.abs(found - expected).max() / np.abs(expected).max()


@pytest.mark.parametrize("name", ["test_resnet", "test_efficientnet", "test_convnext", "test_vit"])
def test_the_graph_computes_what_torch_computes(name, home):
    weights = stored(name)
    backbone = Backbone.load(weights)
    found = backbone.embed(noise())
    assert isinstance(backbone._engine, GraphEngine)
    assert relative(found, by_torch(weights, noise())) < 1e-3
    assert found.shape == (5, backbone.features)


def test_without_openvino_torch_computes_the_same(home, monkeypatch):
    weights = stored()
    expected = Backbone.load(weights).embed(noise())
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None)
    backbone = Backbone.load(weights)
    assert relative(backbone.embed(noise()), expected) < 1e-3
    assert not isinstance(backbone._engine, GraphEngine)


def test_either_engine_sees_the_same_in_the_same_places(home):
    weights = stored()
    by_graph, by_torch_ = (Backbone.load(weights, engine=engine).places(noise(), 2) for engine in ("graph", "torch"))
    assert by_graph.shape == (5, Backbone.load(weights).features, 2, 2)
    assert relative(by_graph, by_torch_) < 1e-3


@pytest.mark.parametrize("engine", ["graph", "torch"])
def test_one_look_gives_what_two_give(engine, home, monkeypatch):
    monkeypatch.setattr(module, "AT_ONCE", 2)
    backbone = Backbone.load(stored(), engine=engine)
    features, places = backbone.embed_with_places(noise(), 2)
    # torch computes several pictures at once, and a picture a little otherwise in other company.
    allowed = 0 if engine == "graph" else 1e-5
    assert relative(features, backbone.embed(noise())) <= allowed
    assert relative(places, backbone.places(noise(), 2)) <= allowed


@pytest.mark.parametrize("engine", ["graph", "torch"])
def test_a_network_without_places_gives_its_features_alone(engine, home):
    backbone = Backbone.load(stored("test_vit"), engine=engine)
    features, places = backbone.embed_with_places(noise(), 3)
    assert (backbone.places(noise(), 3) is None) == (places is None)
    np.testing.assert_array_equal(features, backbone.embed(noise()))


@pytest.mark.parametrize(("name", "middle"), [("test_resnet", 4), ("test_efficientnet", 4), ("test_vit", 0)])
def test_maps_of_the_middle_are_finer_and_the_same_by_either_engine(name, middle, home):
    weights = stored(name)
    backbones = [Backbone.load(weights, engine=engine) for engine in ("graph", "torch")]
    by_graph, by_torch_ = (backbone.stages(noise(), (3, 9)) for backbone in backbones)
    assert (by_graph is None) == (by_torch_ is None) == (backbones[0].places(noise(), 3) is None)
    if by_graph is not None:
        # 64 pixels: the last maps have 2 rows, those of the middle 4.
        assert [one.shape[2] for one in by_graph] == [2, middle][: 2 if middle else 1]
        np.testing.assert_array_equal(by_graph[0], backbones[0].places(noise(), 3))
        assert all(relative(*both) < 1e-3 for both in zip(by_graph, by_torch_, strict=True))


def test_pictures_are_looked_at_once_for_features_and_places(home, monkeypatch):
    backbone, looked = Backbone.load(stored()), []
    engine = backbone._ready()
    run = engine._run
    monkeypatch.setattr(engine, "_run", lambda squares, outputs: looked.append(len(squares)) or run(squares, outputs))
    pictures = [square[0] for square in noise(images=12)]
    expected = [Inputs(pictures, backbone).embedding(), Inputs(pictures, backbone).places()]
    for keep in (True, False):
        looked.clear()
        inputs = Inputs(pictures, backbone, keep=keep, with_places=True)
        np.testing.assert_array_equal(inputs.embedding(), expected[0])
        np.testing.assert_array_equal(inputs.places(), expected[1])
        assert sum(looked) == len(pictures)
    # The cache knows the features by now, and not the places.
    again = Inputs(pictures, backbone, keep=True, with_places=True)
    np.testing.assert_array_equal(again.embedding(), expected[0])
    assert sum(looked) == len(pictures)
    np.testing.assert_array_equal(again.places(), expected[1])


def test_fields_that_cannot_divide_a_map_share_rows():
    maps = np.arange(7.0, dtype=np.float32).reshape(1, 1, 7, 1).repeat(7, axis=3)
    found = average_fields(maps, 3)  # rows 0 to 2, 2 to 4, 4 to 6
    np.testing.assert_allclose(found[0, 0], [[1, 1, 1], [3, 3, 3], [5, 5, 5]])
    assert average_fields(maps[:, :, :2], 3).shape == (1, 1, 2, 3)


def test_a_network_that_openvino_cannot_express_is_left_to_torch(home, monkeypatch):
    def refuse(embedder, side):
        raise RuntimeError

    monkeypatch.setattr("wetread.model.embedder.convert", refuse)
    weights = stored()
    assert relative(Backbone.load(weights).embed(noise()), by_torch(weights, noise())) < 1e-3


def test_a_graph_that_computes_something_else_is_not_used(home, monkeypatch):
    from wetread.model import embedder as torch_side

    convert = torch_side.convert

    def wrong(embedder, side):
        other = torch_side.Embedder("test_resnet", {}, Preprocess(side, 3), fresh_arrays("test_resnet"))
        return convert(other, side)

    monkeypatch.setattr(torch_side, "convert", wrong)
    weights = stored()
    backbone = Backbone.load(weights)
    assert relative(backbone.embed(noise()), by_torch(weights, noise())) < 1e-3
    assert not list(weights.path.parent.glob("*.openvino"))


def test_the_same_pictures_give_the_same_bits_and_company_does_not_matter(home):
    backbone, squares = Backbone.load(stored()), noise(7)
    once = backbone.embed(squares)
    np.testing.assert_array_equal(backbone.embed(squares), once)
    alone = np.concatenate([backbone.embed(squares[row : row + 1]) for row in range(7)])
    assert relative(alone, once) < 1e-5
    again = Backbone.load(find_stored("test_resnet")).embed(squares[::-1])[::-1]
    np.testing.assert_array_equal(again, once)


def test_grey_squares_stand_for_three_equal_channels(home):
    backbone, grey = Backbone.load(stored()), noise(3, channels=1)
    assert relative(backbone.embed(grey), backbone.embed(np.repeat(grey, 3, axis=1))) < 1e-5


SECOND_USE = """
import sys
import numpy as np
from wetread.model.backbone import Backbone
from wetread.model.linear import LinearPart
from wetread.weights.stored import find_stored
backbone = Backbone.load(find_stored("test_resnet"))
features = backbone.embed(np.full((2, 3, 64, 64), 100, dtype=np.uint8))
logits = features.astype(float) @ np.ones((features.shape[1], 2))
print("torch" in sys.modules, "timm" in sys.modules, features.shape, float(features[0, 0]))
"""


def test_the_second_use_needs_no_torch(home):
    first = Backbone.load(stored()).embed(np.full((2, 3, 64, 64), 100, dtype=np.uint8))
    found = subprocess.run([sys.executable, "-c", SECOND_USE], capture_output=True, text=True, timeout=600)
    assert found.stdout.split(maxsplit=2)[:2] == ["False", "False"], found.stderr
    assert float(found.stdout.split()[-1]) == float(first[0, 0])


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty"])
def test_a_damaged_graph_is_made_again(damage, home):
    weights = stored()
    expected = Backbone.load(weights).embed(noise())
    (kept,) = weights.path.parent.glob("graph-*.openvino")
    content = kept.read_bytes()
    middle = len(content) // 2
    flipped = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    kept.write_bytes({"cut": content[:middle], "flipped": flipped, "empty": b""}[damage])
    np.testing.assert_array_equal(Backbone.load(weights).embed(noise()), expected)
    assert module.Graph.find([kept]) is not None


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX systems")
def test_a_weights_home_that_cannot_be_written_leaves_the_graph_in_the_cache(home, monkeypatch):
    weights = stored()
    real = module.Graph.keep

    def only_cache(graph, places):
        return real(graph, [Path("/dev/null/nowhere"), *list(places)[1:]])

    monkeypatch.setattr(module.Graph, "keep", only_cache)
    expected = Backbone.load(weights).embed(noise())
    assert len(list((home / "cache" / "graphs").glob("graph-*"))) == 1
    monkeypatch.setattr(Backbone, "arrays", lambda self: pytest.fail("the graph was not found"))
    np.testing.assert_array_equal(Backbone.load(weights).embed(noise()), expected)


def test_a_model_folder_carries_its_backbone(home, monkeypatch):
    backbone = Backbone.load(stored(licence="a licence"))
    expected = backbone.embed(noise())
    described, carried = backbone.described(), dict(backbone.arrays())
    at_home = Backbone.from_arrays(described, carried)
    assert at_home._stored is not None
    monkeypatch.setenv("WETREAD_WEIGHTS", str(home / "empty"))
    elsewhere = Backbone.from_arrays(described, carried)
    assert elsewhere._stored is None
    assert elsewhere.described() == described
    assert (elsewhere.licence, elsewhere.preprocess) == ("a licence", backbone.preprocess)
    for one in (at_home, elsewhere):
        np.testing.assert_array_equal(one.embed(noise()), expected)


def test_damaged_weights_at_home_leave_a_model_folder_usable(home):
    weights = stored()
    backbone = Backbone.load(weights)
    described, carried, expected = backbone.described(), dict(backbone.arrays()), backbone.embed(noise())
    damaged = bytearray(weights.path.read_bytes())
    damaged[-9] ^= 1
    weights.path.write_bytes(damaged)
    own = Backbone.from_arrays(described, carried)
    assert own._stored is None
    np.testing.assert_array_equal(own.embed(noise()), expected)


def test_a_folder_that_claims_the_hash_of_other_weights_gets_its_own_features(home):
    backbone = Backbone.load(stored())
    honest = backbone.embed_cached(noise(8))
    forged = {name: array * np.float32(1.1) for name, array in backbone.arrays().items()}
    other = Backbone.from_arrays(backbone.described(), forged).embed_cached(noise(8))
    assert relative(other, honest) > 0.01
    np.testing.assert_array_equal(Backbone.load(find_stored("test_resnet")).embed_cached(noise(8)), honest)


def test_an_option_that_opens_files_is_refused(home):
    backbone = Backbone.load(stored())
    with pytest.raises(InputError):
        Backbone.from_arrays(backbone.described() | {"options": {"checkpoint_path": "x"}}, backbone.arrays())


def test_cached_embeddings_are_the_computed_ones_and_need_no_engine(home, monkeypatch):
    weights = stored()
    squares = noise(14)
    squares[13] = squares[0]
    fresh = Backbone.load(weights).embed(squares)
    np.testing.assert_array_equal(Backbone.load(weights).embed_cached(squares[:8]), fresh[:8])
    np.testing.assert_array_equal(Backbone.load(weights).embed_cached(squares[6:]), fresh[6:])
    monkeypatch.setattr(Backbone, "_start", lambda self: pytest.fail("an engine was started"))
    np.testing.assert_array_equal(Backbone.load(weights).embed_cached(squares[::-1]), fresh[::-1])


def test_a_few_pictures_are_not_worth_a_file(home):
    Backbone.load(stored()).embed_cached(noise(7))
    assert not (home / "cache" / "embeddings").exists()


def test_no_pictures_no_features(home):
    backbone = Backbone.load(stored())
    assert backbone.embed(noise(0)).shape == backbone.embed_cached(noise(0)).shape == (0, backbone.features)


def test_the_base_of_a_teachable_machine_export(real_data, home):
    from wetread.weights.importing import import_file

    weights = import_file(real_data / "teachable-machine-export-melanoma", check=explain_mismatch)
    squares = np.random.default_rng(0).integers(0, 256, (4, 3, weights.side, weights.side), dtype=np.uint8)
    assert relative(Backbone.load(weights).embed(squares), by_torch(weights, squares)) < 1e-3


def compiled(weights):
    (kept,) = weights.path.parent.glob("compiled-*.openvino")
    return kept


def test_a_compiled_graph_is_kept_and_gives_the_same_bits(home, monkeypatch):
    weights = stored()
    expected = Backbone.load(weights).embed(noise())
    first = compiled(weights).read_bytes()
    read = []
    real = module.Graph.find
    monkeypatch.setattr(module.Graph, "find", lambda places: read.append(real(places)) or read[-1])
    np.testing.assert_array_equal(Backbone.load(weights).embed(noise()), expected)
    assert [one is not None for one in read] == [True, True]
    assert compiled(weights).read_bytes() == first


@pytest.mark.parametrize("damage", ["cut", "no graph"])
def test_a_compiled_graph_that_cannot_be_used_is_made_again(damage, home):
    weights = stored()
    expected = Backbone.load(weights).embed(noise())
    kept = compiled(weights)
    good = kept.read_bytes()
    if damage == "cut":
        kept.write_bytes(good[: len(good) // 2])
    else:
        module.Graph(b"", b"of another program").keep([kept])
    bad = kept.read_bytes()
    np.testing.assert_array_equal(Backbone.load(weights).embed(noise()), expected)
    assert kept.read_bytes() != bad and module.Graph.find([kept]) is not None


@pytest.mark.parametrize(("device", "expected"), [("cpu", "f32"), ("cuda:1", "f32-cuda")])
def test_a_gpu_and_a_processor_do_not_share_features(device, expected, home, monkeypatch):
    """Their last digits differ: with one cache, what a run finds would depend on what was run before it."""
    names = []
    monkeypatch.setattr("wetread.model.backbone.has_amx", lambda: False)
    monkeypatch.setattr("wetread.model.backbone.open_cache", lambda name: names.append(name))
    backbone = Backbone.load(stored(), device)
    monkeypatch.setattr(backbone, "embed_with_places", lambda squares, fields: (np.zeros((len(squares), 1)), None))
    backbone.embed_cached(noise(8))
    assert names[0].partition("-")[2] == expected
