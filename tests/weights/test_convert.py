"""Tensors of other programs get the keys of timm, and the network then computes what the other one did."""

import numpy as np
import pytest
import timm
import torch

from wetread.weights.convert import recognise


def random_arrays(shapes, seed=0):
    rng = np.random.default_rng(seed)
    return {key: rng.normal(0.1, 0.2, shape).astype(np.float32) for key, shape in shapes.items()}


def dinov2_shapes(width, layers=12, side=518):
    """Shapes of a DINOv2 as transformers saves it (modeling_dinov2.py, Dinov2Model)."""
    patches = (side // 14) ** 2
    shapes = {
        "embeddings.cls_token": (1, 1, width),
        "embeddings.mask_token": (1, width),
        "embeddings.position_embeddings": (1, patches + 1, width),
        "embeddings.patch_embeddings.projection.weight": (width, 3, 14, 14),
        "embeddings.patch_embeddings.projection.bias": (width,),
        "layernorm.weight": (width,),
        "layernorm.bias": (width,),
    }
    for number in range(layers):
        here = f"encoder.layer.{number}"
        for part in ("query", "key", "value"):
            shapes |= linear(f"{here}.attention.attention.{part}", width, width)
        shapes |= linear(f"{here}.attention.output.dense", width, width)
        shapes |= linear(f"{here}.mlp.fc1", 4 * width, width) | linear(f"{here}.mlp.fc2", width, 4 * width)
        for norm in ("norm1", "norm2"):
            shapes |= {f"{here}.{norm}.weight": (width,), f"{here}.{norm}.bias": (width,)}
        shapes |= {f"{here}.layer_scale{one}.lambda1": (width,) for one in (1, 2)}
    return shapes


def linear(name, out, into):
    return {f"{name}.weight": (out, into), f"{name}.bias": (out,)}


def norm(values, weight, bias):
    mean = values.mean(-1, keepdims=True)
    variance = ((values - mean) ** 2).mean(-1, keepdims=True)
    return (values - mean) / np.sqrt(variance + 1e-6) * weight + bias


def gelu(values):
    from scipy.special import erf

    return values * (1 + erf(values / np.sqrt(2))) / 2


def dinov2_forward(arrays, image, heads, layers):
    """The class token behind the last norm, from the paper: `feature`. Image `channel row column`."""
    wide = {key: array.astype(np.float64) for key, array in arrays.items()}
    side = image.shape[-1] // 14
    patches = image.reshape(3, side, 14, side, 14).transpose(1, 3, 0, 2, 4).reshape(side * side, -1)
    projection = wide["embeddings.patch_embeddings.projection.weight"]
    tokens = patches @ projection.reshape(len(projection), -1).T + wide["embeddings.patch_embeddings.projection.bias"]
    x = np.concatenate([wide["embeddings.cls_token"][0], tokens]) + wide["embeddings.position_embeddings"][0]
    for number in range(layers):
        part = {
            key.removeprefix(f"encoder.layer.{number}."): array
            for key, array in wide.items()
            if key.startswith(f"encoder.layer.{number}.")
        }

        def apply(name, values, part=part):
            return values @ part[f"{name}.weight"].T + part[f"{name}.bias"]

        y = norm(x, part["norm1.weight"], part["norm1.bias"])
        q, k, v = (
            apply(f"attention.attention.{one}", y).reshape(len(y), heads, -1).transpose(1, 0, 2)
            for one in ("query", "key", "value")
        )
        scores = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[-1])
        chance = np.exp(scores - scores.max(-1, keepdims=True))
        chance /= chance.sum(-1, keepdims=True)
        mixed = (chance @ v).transpose(1, 0, 2).reshape(len(y), -1)
        x = x + apply("attention.output.dense", mixed) * part["layer_scale1.lambda1"]
        y = norm(x, part["norm2.weight"], part["norm2.bias"])
        x = x + apply("mlp.fc2", gelu(apply("mlp.fc1", y))) * part["layer_scale2.lambda1"]
    return norm(x, wide["layernorm.weight"], wide["layernorm.bias"])[0]


@pytest.mark.parametrize("new_names", [False, True])
def test_dinov2_computes_the_same_in_timm(new_names):
    arrays = random_arrays(dinov2_shapes(384, layers=12, side=42))
    image = np.random.default_rng(1).normal(size=(3, 42, 42))
    expected = dinov2_forward(arrays, image, heads=6, layers=12)
    if new_names:
        renamed = {"attention.attention.query": "attention.q_proj", "attention.attention.key": "attention.k_proj"}
        renamed |= {"attention.attention.value": "attention.v_proj", "attention.output.dense": "attention.o_proj"}
        for old, new in renamed.items():
            arrays = {key.replace(old, new): array for key, array in arrays.items()}
    found = recognise(arrays)
    assert found.network == "vit_small_patch14_dinov2"
    assert found.facts == {"side": 42, "channels": 3, "features": 384, "options": {"img_size": 42}}
    with torch.device("meta"):
        body = timm.create_model(found.network, num_classes=0, **found.facts["options"]).eval()
    tensors = {key: torch.from_numpy(np.array(array, np.float64)) for key, array in found.arrays.items()}
    body.load_state_dict(tensors, strict=True, assign=True)
    with torch.inference_mode():
        features = body(torch.from_numpy(image)[None])[0].numpy()
    assert expected.std() > 0.1
    assert np.abs(features - expected).max() < 1e-9


@pytest.mark.parametrize(("width", "network"), [(384, "vit_small_patch14_dinov2"), (768, "vit_base_patch14_dinov2")])
def test_all_keys_of_timm_are_there_and_nothing_else(width, network):
    shapes = dinov2_shapes(width)
    found = recognise({key: np.broadcast_to(np.float32(0), shape) for key, shape in shapes.items()})
    assert found.network == network
    assert found.facts == {"side": 518, "channels": 3, "features": width}
    with torch.device("meta"):
        ours = timm.create_model(network, num_classes=0).state_dict()
    assert {key: tuple(value.shape) for key, value in ours.items()} == {
        key: array.shape for key, array in found.arrays.items()
    }


def test_query_key_and_value_are_joined_in_that_order():
    arrays = random_arrays(dinov2_shapes(384, layers=1, side=14))
    joined = recognise(arrays).arrays["blocks.0.attn.qkv.weight"]
    for place, part in enumerate(("query", "key", "value")):
        expected = arrays[f"encoder.layer.0.attention.attention.{part}.weight"]
        assert np.array_equal(joined[384 * place : 384 * (place + 1)], expected)


def test_dinov2_behind_a_classifier_is_found():
    arrays = random_arrays(dinov2_shapes(384, layers=1, side=14))
    wrapped = {f"dinov2.{key}": array for key, array in arrays.items()} | {"classifier.weight": np.zeros((2, 768))}
    assert recognise(wrapped).arrays.keys() == recognise(arrays).arrays.keys()


@pytest.mark.parametrize(
    "change",
    [
        lambda arrays: arrays.pop("layernorm.bias"),
        lambda arrays: arrays.pop("encoder.layer.0.mlp.fc1.weight"),
        lambda arrays: arrays.update({"embeddings.register_tokens": np.zeros((1, 4, 384))}),
        lambda arrays: arrays.update({"embeddings.patch_embeddings.projection.weight": np.zeros((99, 3, 14, 14))}),
        lambda arrays: arrays.update({"embeddings.patch_embeddings.projection.weight": np.zeros((384, 3, 16, 16))}),
    ],
)
def test_what_is_not_quite_dinov2_is_not_taken_for_it(change):
    arrays = random_arrays(dinov2_shapes(384, layers=1, side=14))
    change(arrays)
    assert recognise(arrays) is None


def test_torchxrayvision_keeps_its_keys_and_loses_its_classifier():
    with torch.device("meta"):
        shapes = timm.create_model("densenet121", in_chans=1, num_classes=18).state_dict()
    arrays = {key: np.broadcast_to(np.float32(0), tuple(value.shape)) for key, value in shapes.items()}
    found = recognise(arrays | {"op_threshs": np.zeros(18, np.float32)})
    assert found.network == "densenet121"
    with torch.device("meta"):
        ours = timm.create_model("densenet121", in_chans=1, num_classes=0).state_dict()
    assert found.arrays.keys() == ours.keys()
    # Black, grey and white as TorchXRayVision scales them.
    (mean,), (deviation,) = found.facts["mean"], found.facts["deviation"]
    assert [(pixel - mean) / deviation for pixel in (0.0, 0.5, 1.0)] == [-1024.0, 0.0, 1024.0]


@pytest.mark.parametrize("network", ["resnet18", "densenet121", "densenet169"])
def test_other_networks_are_left_alone(network):
    with torch.device("meta"):
        shapes = timm.create_model(network).state_dict()
    assert recognise({key: np.broadcast_to(np.float32(0), tuple(value.shape)) for key, value in shapes.items()}) is None
