"""`wetread weights` as a person meets it."""

import json
import subprocess
import sys

import pytest
from download.server import Publisher
from weights.hub_server import Hub

from cli.command import call
from wetread.weights.read import write_safetensors

LOOK = "import sys; print(' '.join(sorted({'torch', 'timm', 'httpx', 'sklearn'} & set(sys.modules))))"


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("WETREAD_WEIGHTS", str(tmp_path / "home"))
    for name in ("HF_TOKEN", "HF_HUB_OFFLINE", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "home"


@pytest.fixture(scope="module")
def tensors():
    import timm

    net = timm.create_model("mobilenetv3_small_050", num_classes=2)
    return write_safetensors({key: value.numpy() for key, value in net.state_dict().items()})


@pytest.fixture
def hub(monkeypatch, tensors):
    server = Hub()
    server.publish("timm/mobilenetv3_small_050.lamb_in1k", "model.safetensors", tensors)
    server.add_small(
        "timm/mobilenetv3_small_050.lamb_in1k", "config.json", b'{"architecture": "mobilenetv3_small_050"}'
    )
    server.add_small("timm/mobilenetv3_small_050.lamb_in1k", "README.md", b"---\nlicense: apache-2.0\n---\n")
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    yield server
    server.close()


def test_a_list_is_shown_before_anything_is_there():
    ending = call("weights", "list")
    assert ending.code == 0
    assert "none yet" in ending.out
    assert "resnet18.a1_in1k" in ending.out
    told = call("weights", "list", "--json").json
    assert told["stored"] == []
    assert {"teachable-machine", "rad-dino"} <= {one["name"] for one in told["known"]}
    assert "Gated" in call("weights", "list", "--long").out


def test_a_list_loads_nothing_heavy():
    code = "import sys; sys.argv = ['wetread', 'weights', 'list', '--json']\nfrom wetread.cli.app import main\n"
    code += f"try: main()\nexcept SystemExit: pass\nprint()\n{LOOK}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=400, check=True)
    assert done.stdout.splitlines()[-1] == ""


def test_licence_size_and_source_come_before_the_bytes(hub):
    ending = call("weights", "get", "mobilenetv3_small_050.lamb_in1k", "--quiet")
    assert "--yes" in ending.message()
    for word in ("Licence: apache-2.0", f"From: {hub.url}", " MB", "Read: "):
        assert word in ending.err
    assert not hub.cdn.asked


def test_accepted_weights_arrive_and_are_listed(hub, home):
    ending = call("weights", "get", "mobilenetv3_small_050.lamb_in1k", "--yes", "--quiet", "--json")
    assert ending.code == 0, ending
    assert "Licence: apache-2.0" in ending.err
    assert ending.json["network"] == "mobilenetv3_small_050"
    listed = call("weights", "list", "--json").json["stored"]
    assert [one["sha256"] for one in listed] == [ending.json["sha256"]]
    assert "mobilenetv3_small_050.lamb_in1k" in call("weights", "list").out
    (home / "mobilenetv3_small_050.lamb_in1k" / "weights.json").write_text("{")
    assert "cannot be used" in call("weights", "list").out


def test_a_file_is_imported_for_the_network_that_it_fits(tmp_path, tensors):
    path = tmp_path / "mine.safetensors"
    path.write_bytes(tensors)
    for network, word in (("resnet18", "does not hold the weights of resnet18"), ("resnet1", "resnet1")):
        assert word in call("weights", "import", path, "--network", network, "--quiet").message()
    ending = call(
        "weights", "import", path, "--network", "mobilenetv3_small_050", "--licence", "CC0", "--quiet", "--json"
    )
    assert (ending.code, ending.json["name"], ending.json["licence"]) == (0, "mine", "CC0")
    assert json.loads(ending.out)


def test_another_spelling_of_a_network_is_the_same_network(tmp_path, tensors):
    path = tmp_path / "mine.safetensors"
    path.write_bytes(tensors)
    for name, spelled in (("a", "MobileNetV3-small 050"), ("b", "mobilenetv3_small_050.lamb_in1k")):
        ending = call("weights", "import", path, "--network", spelled, "--name", name, "--quiet", "--json")
        assert (ending.code, ending.json["network"]) == (0, "mobilenetv3_small_050")
        assert ending.json["mean"] == [0.485, 0.456, 0.406]


def test_a_proxy_that_cannot_be_used_is_an_error_of_the_setting(hub, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "socks5://me:s3cret@127.0.0.1:1080")
    message = call("weights", "get", "mobilenetv3_small_050.lamb_in1k", "--yes", "--quiet").message()
    assert "HTTP_PROXY" in message
    assert "s3cret" not in message


def test_offline_names_the_other_way(monkeypatch):
    server = Publisher()
    server.close()
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    assert "wetread weights import" in call("weights", "get", "resnet18.a1_in1k", "--yes", "--quiet").message()
