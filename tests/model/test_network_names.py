"""Names are found however they are written; what nobody is called is refused with what was probably meant."""

import pytest

from wetread.errors import InputError
from wetread.model.network_names import check_network, check_options


@pytest.mark.parametrize(
    ("said", "known"),
    [
        ("small", "small"),
        ("resnet18", "resnet18"),
        ("ResNet-18", "resnet18"),
        ("inceptionv3", "inception_v3"),
        ("densenet-121", "densenet121"),
        ("mobilenet", "mobilenetv3_large_100"),
        ("teachable-machine", "mobilenetv2_035"),
        ("EfficientNetB0", "efficientnet_b0"),
        ("resnet18.a1_in1k", "resnet18"),
    ],
)
def test_a_name_is_found_however_it_is_written(said, known):
    assert check_network(said) == known


@pytest.mark.parametrize(
    ("said", "nearest"), [("resnet19", "resnet18"), ("densnet121", "densenet121"), ("carpentry", "carpentries")]
)
def test_an_unknown_name_is_refused_with_the_nearest(said, nearest):
    with pytest.raises(InputError) as caught:
        check_network(said)
    assert caught.value.code == "unknown-network"
    assert nearest in caught.value.remedy


@pytest.mark.parametrize("said", ["", "hf-hub:timm/resnet18", "../../etc/passwd", "x" * 500])
def test_a_name_is_no_address_and_no_path(said):
    with pytest.raises(InputError) as caught:
        check_network(said)
    assert caught.value.code == "unknown-network"


@pytest.mark.parametrize(
    "options",
    [
        {"pretrained": True},
        {"checkpoint_path": "weights.pth"},
        {"pretrained_cfg": {"url": "x"}},
        {"num_classes": 5},
        {"drop_path_rate": 0.2},
        {"img_size": {"a": 1}},
    ],
)
def test_options_only_shape_the_network(options):
    with pytest.raises(InputError) as caught:
        check_options(options)
    assert caught.value.code == "network-option"


def test_options_of_the_teachable_machine_are_allowed():
    check_options({"pad_type": "same", "bn_eps": 1e-3, "img_size": [96, 96]})
