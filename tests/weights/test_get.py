"""Weights come from a hub with their licence said first and their hash checked, or a sentence says what to do."""

import base64
import hashlib
import json
import time
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from download.server import drop, endless, hang, refuse

from weights import keras_reference
from weights.hub_server import COMMIT
from weights.networks import arrays, fits, torch_file
from wetread.errors import InputError, OutputError, Stopped
from wetread.model.network_names import check_network
from wetread.progress import StepAdvanced
from wetread.weights.catalogue import CATALOGUE, ELSEWHERE
from wetread.weights.get import get_weights
from wetread.weights.read import write_safetensors
from wetread.weights.stored import Facts, alone, find_stored, list_stored, read_arrays, store
from wetread.weights.tfjs import hash_base

NAME = "resnet18.a1_in1k"
REPOSITORY = f"timm/{NAME}"
SPELLED = (f"timm--{NAME}", "microsoft--rad-dino")
FILE = "model.safetensors"
#: Enough for several pieces of a socket.
BODY = write_safetensors(arrays() | {"more.weight": arrays(seed=1)["conv_stem.weight"].repeat(4000, 0)})
CONFIG = {
    "architecture": "resnet18",
    "pretrained_cfg": {"input_size": [3, 224, 224], "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]},
}
CARD = b"---\nlicense: apache-2.0\ntags: [timm]\n---\n# Model card\nlicense: not this one\n"


@pytest.fixture
def get(patience):
    def work(name=NAME, **words):
        words = {"accept": None, "check": fits, "patience": patience} | words
        return get_weights(name, **words)

    return work


@pytest.fixture
def published(hub):
    hub.publish(REPOSITORY, FILE, BODY)
    hub.add_small(REPOSITORY, "config.json", json.dumps(CONFIG).encode())
    return hub


def refusal(work, *args, kind=InputError, **words):
    with pytest.raises(kind) as caught:
        work(*args, **words)
    assert list_stored() == []
    assert caught.value.remedy
    return caught.value


def files_below(home):
    return sorted(path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file())


# What arrives ---------------------------------------------------------------------------------------------------------


def test_weights_arrive_whole_and_described(published, get, home):
    stored = get()
    assert stored == find_stored(NAME)
    assert read_arrays(stored)["more.weight"].shape == (16000, 3, 3, 3)
    assert (stored.network, stored.features, stored.side) == ("resnet18", 512, 224)
    assert stored.original == {
        "file": FILE,
        "sha256": hashlib.sha256(BODY).hexdigest(),
        "url": f"{published.url}/{REPOSITORY}/resolve/{COMMIT}/{FILE}",
        "commit": COMMIT,
    }
    assert files_below(home) == [f".{NAME}.lock", f"{NAME}/weights.json", f"{NAME}/weights.safetensors"]


def test_what_is_here_is_not_asked_for_again(published, get):
    first = get()
    published.asked.clear(), published.looked.clear()
    assert get(accept=lambda offer: pytest.fail("asked")) == first
    assert not published.asked + published.looked


def test_licence_size_and_source_are_shown_before_anything_is_fetched(published, get):
    shown = []

    def accept(offer):
        shown.append(offer)
        assert not published.cdn.asked
        return False

    assert refusal(get, accept=accept).code == "not-accepted"
    (offer,) = shown
    assert offer.licence.startswith("Apache-2.0")
    assert offer.source == f"{published.url}/{REPOSITORY}/resolve/{COMMIT}/{FILE}"
    assert offer.page == f"{published.url}/{REPOSITORY}"
    assert offer.size == "1.7 MB"
    assert not published.cdn.asked


@pytest.mark.parametrize("name", ["resnet18", REPOSITORY])
def test_network_and_repository_lead_to_the_same_weights(published, get, name):
    assert get(name).name == NAME


def test_any_model_of_timm_comes_with_what_its_repository_says(hub, get):
    hub.publish("timm/resnet34.tv_in1k", FILE, BODY)
    told = {"architecture": "resnet34", "pretrained_cfg": {"input_size": [3, 288, 288], "mean": [0.5], "std": [0.25]}}
    hub.add_small("timm/resnet34.tv_in1k", "config.json", json.dumps(told).encode())
    hub.add_small("timm/resnet34.tv_in1k", "README.md", CARD)
    stored = get("resnet34.tv_in1k")
    assert (stored.network, stored.side, stored.licence) == ("resnet34", 288, "apache-2.0")
    assert stored.mean == (0.5, 0.5, 0.5)


def test_a_network_without_tag_gets_the_weights_that_timm_prefers(hub, get):
    hub.publish("timm/resnet34.a1_in1k", FILE, BODY)
    hub.add_small("timm/resnet34.a1_in1k", "config.json", b'{"architecture": "resnet34"}')
    assert get("resnet34").name == "resnet34.a1_in1k"


def test_a_licence_that_changes_is_read_anew(hub, get):
    hub.publish("microsoft/rad-dino", FILE, BODY)
    hub.add_small("microsoft/rad-dino", "README.md", CARD)
    told = {"do_center_crop": True, "crop_size": {"height": 518, "width": 518}, "image_mean": [0.5], "image_std": [0.2]}
    hub.add_small("microsoft/rad-dino", "preprocessor_config.json", json.dumps(told).encode())
    shown = []
    stored = get("rad-dino", accept=lambda offer: shown.append(offer) or True)
    assert "Its page says today: apache-2.0." in shown[0].licence
    assert "may not allow your use" in shown[0].restricted
    assert (stored.side, stored.mean, stored.deviation) == (518, (0.5,) * 3, (0.2,) * 3)


def test_an_older_repository_has_only_a_pytorch_file(hub, get):
    hub.publish(REPOSITORY, "pytorch_model.bin", torch_file(arrays()))
    assert get().network == "resnet18"


def test_a_licence_behind_other_is_named(hub, get):
    hub.publish("someone/net", FILE, BODY)
    hub.add_small("someone/net", "config.json", json.dumps(CONFIG).encode())
    hub.add_small("someone/net", "README.md", b"---\nlicense: other\nlicense_name: msrla\nlicense_link: LICENSE\n---\n")
    shown = []
    stored = get("someone/net", accept=lambda offer: shown.append(offer) or True)
    assert stored.name == "someone--net"
    assert stored.licence == shown[0].licence == "msrla, LICENSE"
    assert "read the page" in shown[0].restricted


def test_no_publisher_takes_the_name_of_another_one(published, get):
    wanted = get()
    for owner, seed in (("alice", 1), ("bob", 2)):
        hub_name = f"{owner}/{NAME}"
        published.publish(hub_name, FILE, write_safetensors(arrays(seed)))
        published.add_small(hub_name, "config.json", json.dumps(CONFIG).encode())
        assert get(hub_name).name == f"{owner}--{NAME}"
        assert get(f"{owner}--{NAME}") == get(f"hf-hub:{hub_name}") == find_stored(f"{owner}--{NAME}")
    assert len({get(one).sha256 for one in (NAME, f"alice/{NAME}", f"bob/{NAME}")}) == 3
    assert get(REPOSITORY) == wanted


def test_another_spelling_of_a_repository_is_no_way_round_the_catalogue(hub, get):
    for repository in (REPOSITORY, "microsoft/rad-dino"):
        hub.publish(repository, FILE, BODY)
        hub.add_small(repository, "config.json", json.dumps(CONFIG).encode())
    shown = []
    names = [get(name, accept=lambda offer: shown.append(offer) or True).name for name in SPELLED]
    assert names == [NAME, "rad-dino"]
    assert shown[0].licence.startswith("Apache-2.0")
    assert "may not allow your use" in shown[1].restricted


@pytest.mark.parametrize("name", [NAME, "resnet18", "teachable-machine"])
def test_weights_that_an_earlier_version_took_from_elsewhere_are_not_passed_off(get, name):
    taken = NAME if name == "resnet18" else name
    origin = {"url": f"https://huggingface.co/mallory/{taken}/resolve/main/{FILE}"}
    store(Facts(taken, "resnet18", original=origin), BODY)
    with pytest.raises(InputError) as caught:
        get(name)
    assert caught.value.code == "weights-exist"
    assert f"mallory/{taken}" in caught.value.message


def test_weights_that_were_brought_by_hand_are_those_of_their_name(get):
    brought = store(Facts(NAME, "resnet18", original={"file": FILE}), BODY)
    assert get() == brought


@pytest.mark.parametrize("network", ["ResNet-18", "resnet_18"])
def test_a_network_is_stored_as_timm_spells_it(hub, get, network):
    hub.publish("someone/net", FILE, BODY)
    hub.add_small("someone/net", "config.json", json.dumps({"architecture": network.lower().replace("-", "")}).encode())
    assert get("someone/net", spell=check_network).network == "resnet18"


def test_a_password_of_a_mirror_is_sent_and_neither_shown_nor_stored(published, get, home, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", published.url.replace("://", "://me:s3cret%40@"))
    shown = []
    stored = get(accept=lambda offer: shown.append(offer) or True)
    told = repr(shown) + repr(stored) + "".join(one.read_text() for one in home.rglob("*.json"))
    assert "s3cret" not in told and "me:" not in told
    assert f"{published.url}/{REPOSITORY}/resolve/{COMMIT}/{FILE}" == stored.source
    sent = "Basic " + base64.b64encode(b"me:s3cret@").decode()
    assert {headers.get("Authorization") for _, headers in published.looked + published.asked} == {sent}
    assert {headers.get("Authorization") for _, headers in published.cdn.asked} == {None}


def test_a_password_is_not_in_what_to_do_without_internet(nobody, get, monkeypatch, patience):
    monkeypatch.setenv("HF_ENDPOINT", nobody.replace("://", "://me:s3cret@"))
    error = refusal(get, patience=replace(patience, connect=0.2))
    assert error.code == "offline"
    assert "s3cret" not in str(error)


# Attempts -------------------------------------------------------------------------------------------------------------


def test_a_connection_that_drops_is_taken_up(published, get):
    published.blob(REPOSITORY, FILE).acts = [drop(300_000), drop(300_000)]
    assert read_arrays(get())
    assert [one is None for one in published.cdn.ranges_asked()] == [True, False, False]


def test_the_next_call_goes_on_where_an_interrupted_one_ended(published, get, home):
    published.blob(REPOSITORY, FILE).acts = [drop(500_000), *[refuse(503) for _ in range(3)]]
    assert refusal(get).code == "unreachable"
    kept = (home / ".downloads" / NAME / f"{FILE}.part").stat().st_size
    assert 0 < kept <= 500_000
    assert read_arrays(get())
    assert published.cdn.ranges_asked()[-1] == f"bytes={kept}-"


def test_an_interrupted_call_keeps_what_came(published, get, home):
    def interrupted(event):
        if isinstance(event, StepAdvanced) and event.done > 100_000:
            raise KeyboardInterrupt

    assert refusal(get, kind=Stopped, listen=interrupted).exit_code == 130
    assert (home / ".downloads" / NAME / f"{FILE}.part").stat().st_size > 0
    assert read_arrays(get())


def test_a_busy_hub_is_asked_again(published, get):
    path = f"/{REPOSITORY}/resolve/main/{FILE}"
    published.heads[path].insert(0, refuse(503))
    assert get()


# What is refused ------------------------------------------------------------------------------------------------------


def test_other_bytes_than_the_hub_names_are_refused_and_removed(hub, get, home):
    hub.publish(REPOSITORY, FILE, BODY, sha256="0" * 64)
    error = refusal(get)
    assert error.code == "wrong-hash"
    assert files_below(home) == [f".{NAME}.lock"]


def test_a_flipped_byte_on_the_way_is_refused_and_removed(published, get, home):
    served = published.blob(REPOSITORY, FILE)
    served.body = BODY[:1000] + bytes([BODY[1000] ^ 1]) + BODY[1001:]
    assert refusal(get).code == "wrong-hash"
    served.body = BODY
    assert read_arrays(get())


def test_another_size_than_the_hub_names_is_refused(published, get, home):
    published.blob(REPOSITORY, FILE).acts = [endless] * 9
    assert refusal(get).code == "too-large"
    assert files_below(home) == [f".{NAME}.lock"]


def test_an_endless_file_without_a_size_ends(hub, get, monkeypatch):
    monkeypatch.setattr("wetread.weights.get.AT_MOST", 1_000_000)
    there = hub.cdn.serve("/blob", acts=[endless] * 9)
    hub.say(REPOSITORY, FILE, 302, Location=there)
    hub.serve(f"/{REPOSITORY}/resolve/main/{FILE}", acts=[refuse(302, Location=there)] * 9)
    assert refusal(get).code == "too-large"


def test_silence_ends_with_a_sentence(published, get, hasty):
    published.blob(REPOSITORY, FILE).acts = [hang(published.cdn) for _ in range(9)]
    started = time.monotonic()
    error = refusal(get, patience=hasty)
    assert error.code == "unreachable"
    assert "wetread weights import" in error.remedy
    assert time.monotonic() - started < 300  # each of the nine lasts for ten minutes


@pytest.mark.parametrize(
    ("status", "headers", "said"),
    [
        (401, {"X_Error_Code": "GatedRepo"}, "accepted its terms"),
        (403, {"X_Error_Code": "GatedRepo"}, "accepted its terms"),
        (401, {}, "there is none, or its terms must be accepted"),
    ],
)
def test_terms_to_accept_are_said_with_the_page(hub, get, status, headers, said):
    hub.say("someone/net", FILE, status, **headers)
    error = refusal(get, "someone/net")
    assert error.code == "gated"
    assert said in error.message
    assert f"{hub.url}/someone/net" in error.remedy
    assert "HF_TOKEN" in error.remedy


@pytest.mark.parametrize("headers", [{}, {"Content_Type": "text/html"}, {"X_Error_Code": "Other"}])
def test_a_page_of_a_firewall_is_not_taken_for_terms(hub, get, headers):
    hub.say(REPOSITORY, FILE, 403, **headers)
    error = refusal(get)
    assert error.code == "refused"
    assert "terms" not in str(error) and "HF_TOKEN" not in str(error)
    assert "firewall" in error.remedy
    assert f"wetread weights import {NAME}" in error.remedy


@pytest.mark.parametrize("size", ["9" * 5000, "-1", "0", "x", "1e3"])
def test_a_size_that_is_none_is_left_aside(hub, get, size):
    hub.publish(REPOSITORY, FILE, BODY, size=size)
    shown = []
    assert get(accept=lambda offer: shown.append(offer) or True).name == NAME
    assert shown[0].size == "about 46.8 MB"


def test_a_token_is_shown_to_the_hub_and_not_to_where_the_bytes_lie(published, get, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    get()
    assert {headers.get("Authorization") for _, headers in published.looked + published.asked} == {"Bearer hf_secret"}
    assert {headers.get("Authorization") for _, headers in published.cdn.asked} == {None}


@pytest.mark.parametrize("variable", ["HF_TOKEN", "HF_ENDPOINT"])
def test_what_the_hub_does_not_accept_is_named_and_not_the_repository(hub, get, monkeypatch, variable):
    hub.say(REPOSITORY, FILE, 401, X_Error_Message="Invalid credentials in Authorization header")
    value = "s3cret" if variable == "HF_TOKEN" else hub.url.replace("://", "://me:s3cret@")
    monkeypatch.setenv(variable, value)
    error = refusal(get)
    assert error.code == "token"
    assert variable in error.message and "remove" in error.remedy
    assert "s3cret" not in str(error)


@pytest.mark.parametrize("answer", [404, 401])
def test_a_name_that_is_nearly_right_gets_the_right_one(hub, get, answer):
    for name in ("model.safetensors", "pytorch_model.bin"):
        hub.say("timm/resnet18.a1_in1", name, answer, X_Error_Code="RepoNotFound")
    error = refusal(get, "resnet18.a1_in1")
    assert error.code == "no-weights"
    assert f"Do you mean {NAME}" in error.remedy


def test_a_name_of_the_catalogue_that_the_hub_does_not_have_is_not_offered_again(hub, get):
    for name in ("model.safetensors", "pytorch_model.bin"):
        hub.say(REPOSITORY, name, 404, X_Error_Code="RepoNotFound")
    error = refusal(get, NAME)
    assert error.code == "no-weights"
    offered = error.remedy.partition("Do you mean ")[2].partition("?")[0].split(" or ")
    assert NAME not in offered


def test_a_broken_hub_is_said(hub, get):
    hub.say(REPOSITORY, FILE, 500)
    error = refusal(get)
    assert error.code == "unreachable"
    assert "500" in error.message


def test_weights_of_another_network_are_refused_and_removed(published, get, home):
    error = refusal(get, check=lambda *told: "They look like those of resnet50.")
    assert error.code == "weights-network"
    assert f"{REPOSITORY}/{FILE} does not hold the weights of resnet18. They look like" in error.message
    assert files_below(home) == [f".{NAME}.lock"]


def test_a_whole_module_is_refused_and_removed(hub, get, home):
    import io

    import torch

    buffer = io.BytesIO()
    torch.save(torch.nn.Linear(2, 2), buffer)
    hub.publish("someone/net", "pytorch_model.bin", buffer.getvalue())
    error = refusal(get, "someone/net")
    assert error.code == "weights-code"
    assert "someone/net/pytorch_model.bin" in error.message
    assert str(home) not in error.message
    assert files_below(home) == [".someone--net.lock"]


def test_a_full_disk_is_said_before_the_file_comes(published, get, home, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("wetread.download.fetch.shutil.disk_usage", lambda place: usage(9, 0, 1_500_000))
    assert refusal(get, kind=OutputError).code == "disk-full"
    assert files_below(home) == [f".{NAME}.lock"]


# Offline --------------------------------------------------------------------------------------------------------------


def test_nobody_there_is_offline_soon_with_the_air_gapped_way(nobody, get, monkeypatch, patience):
    monkeypatch.setenv("HF_ENDPOINT", nobody)
    started = time.monotonic()
    error = refusal(get, patience=replace(patience, connect=0.4, attempts=10**9))
    assert time.monotonic() - started < 60  # and not when all attempts are used up
    assert error.code == "offline"
    for word in (f"{REPOSITORY}/resolve/main/{FILE}", "config.json", f"wetread weights import {NAME}"):
        assert word in error.remedy


def test_offline_a_name_that_nobody_knows_gets_the_nearest_ones(nobody, get, monkeypatch, patience):
    monkeypatch.setenv("HF_ENDPOINT", nobody)
    error = refusal(get, "resnet18.a1_in", patience=replace(patience, connect=0.2))
    assert error.code == "offline"
    assert f"Do you mean {NAME}" in error.remedy
    assert "resnet18.a1_in/resolve" not in error.remedy
    assert "nonsense18/resolve" not in refusal(get, "nonsense18", patience=replace(patience, connect=0.2)).remedy


def test_a_home_that_cannot_be_written_names_what_moves_it(published, get, home):
    home.write_text("a file")
    error = refusal(get, kind=OutputError)
    assert error.code == "not-writable"
    assert "WETREAD_WEIGHTS" in error.remedy and "--out" not in error.remedy


def test_a_second_call_for_the_same_weights_is_told_to_wait(published, get):
    with ThreadPoolExecutor(1) as pool, alone(NAME):
        error = pool.submit(refusal, get, kind=OutputError).result()
    assert error.code == "run-busy"
    assert "WETREAD_WEIGHTS" in error.remedy and "--out" not in error.remedy
    assert get()


def test_offline_by_order_asks_nobody(published, get, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert refusal(get).code == "offline"
    assert not published.looked + published.asked


@pytest.mark.parametrize(
    "value",
    ["ftp://x", "huggingface.co", "http://", "https://a b", "https://a:port", "https://a:99999", "https://[::1"],
)
def test_an_endpoint_that_is_none_is_said(get, monkeypatch, value):
    monkeypatch.setenv("HF_ENDPOINT", value)
    assert refusal(get).code == "endpoint"


def test_what_wetread_leaves_to_others_is_said_with_its_terms(hub, get):
    for other in ELSEWHERE:
        error = refusal(get, other.name)
        assert error.code == "elsewhere"
        assert other.terms in error.message
        assert other.page in error.remedy
    assert not hub.looked + hub.asked


# The base of Teachable Machine ----------------------------------------------------------------------------------------


@pytest.fixture
def storage(publisher, tmp_path, monkeypatch):
    """A server with a base as Teachable Machine has it; its random tensors are the known ones here."""
    layers = keras_reference.topology()
    tensors = keras_reference.random_tensors(layers)
    files = ("group1-shard1of2", "group1-shard2of2")
    export = keras_reference.write_export(tmp_path / "export", layers, tensors, files)
    for path in export.iterdir():
        publisher.serve(f"/models/base/{path.name}", path.read_bytes())
    url = f"{publisher.url}/models/base/model.json"
    monkeypatch.setitem(CATALOGUE, "teachable-machine", replace(CATALOGUE["teachable-machine"], model_json=url))
    monkeypatch.setattr("wetread.weights.tfjs.BASE", hash_base(tensors))
    return publisher


def test_the_base_of_teachable_machine_comes_from_where_its_page_has_it(storage, get, home):
    shown = []
    stored = get("teachable-machine", accept=lambda offer: shown.append(offer) or True, check=lambda *told: "")
    assert (stored.network, stored.options) == ("mobilenetv2_035", {"pad_type": "same", "bn_eps": 1e-3})
    assert shown[0].source == stored.source == f"{storage.url}/models/base/model.json"
    assert shown[0].licence.startswith("Apache-2.0")
    assert read_arrays(stored)["conv_stem.weight"].shape == (16, 3, 3, 3)
    assert not list((home / ".downloads").iterdir())


def test_another_base_is_refused_and_removed(storage, get, home, monkeypatch):
    monkeypatch.setattr("wetread.weights.tfjs.BASE", "0" * 64)
    assert refusal(get, "teachable-machine", check=lambda *told: "").code == "teachable-machine"
    assert files_below(home) == [".teachable-machine.lock"]


def test_a_base_that_is_not_there_any_more_says_the_other_way(storage, get):
    storage.files["/models/base/model.json"].body = b'{"weightsManifest": [{"paths": ["../../x"]}]}'
    for _ in range(2):
        error = refusal(get, "teachable-machine", check=lambda *told: "")
        assert error.code == "gone"
        assert "Tensorflow.js" in error.remedy
        storage.files.clear()


def test_a_base_of_which_nobody_answers_is_offline(nobody, get, monkeypatch, patience):
    url = f"{nobody}/model.json"
    monkeypatch.setitem(CATALOGUE, "teachable-machine", replace(CATALOGUE["teachable-machine"], model_json=url))
    error = refusal(get, "teachable-machine", patience=replace(patience, connect=0.4))
    assert error.code == "offline"
    assert "Tensorflow.js" in error.remedy


# The catalogue --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("known", CATALOGUE.values(), ids=lambda known: known.name)
def test_the_catalogue_agrees_with_timm(known):
    import timm
    import torch

    assert known.licence and known.cite and known.purpose and known.how_to_get
    with torch.device("meta"):
        body = timm.create_model(known.network, num_classes=0, in_chans=known.channels, **known.options).eval()
        assert body(torch.zeros(1, known.channels, known.side, known.side)).shape == (1, known.features)
    assert len(known.mean) == len(known.deviation) == known.channels
    if known.repository.startswith("timm/"):
        told = timm.models.get_pretrained_cfg(known.name)
        assert told.hf_hub_id == known.repository
        assert (tuple(told.mean), tuple(told.std)) == (known.mean, known.deviation)
        assert tuple(told.input_size) == (known.channels, known.side, known.side)
        assert told.license == "apache-2.0"
        megabytes = sum(t.numel() * t.element_size() for t in body.state_dict().values()) / 1e6
        assert megabytes <= known.megabytes * 1.02
