"""What a refusal answers, that it survives saving, and that one that was tampered with is refused itself."""

import json
from pathlib import Path

import numpy as np
import pytest

from model.refusal_pictures import Fields, heads
from wetread.errors import ModelRejected
from wetread.images.facts import ImageFacts
from wetread.model.classifier import Classifier, load_classifier, pack_arrays, unpack_arrays
from wetread.model.features import classical_features
from wetread.model.inputs import Inputs
from wetread.model.linear import LinearFit
from wetread.model.refusal import Refusal
from wetread.model.refusal_sights import ENOUGH_PLACES, classical_blocks, colour_shares, kind_of, see_for_probes
from wetread.training.refusal_packs import generated_packs, invert, mirror, turn
from wetread.training.refusal_probes import make_copies
from wetread.training.refusing import fit_refusal_on


@pytest.fixture(scope="module")
def fitted():
    pictures = heads(90)
    data = Inputs(pictures)
    groups = np.repeat(np.arange(45), 2)
    refusal = fit_refusal_on(data, np.arange(80), groups, make_copies(data, "classical", 0, most=60), "classical", 0)
    return pictures, refusal


def statuses(refusal, pictures):
    return [answer.status for answer in refusal.answers(Inputs(pictures))]


def test_pictures_of_the_same_kind_are_let_in(fitted):
    _, refusal = fitted
    found = statuses(refusal, heads(60, seed=9))
    assert found.count("out") <= 4
    assert found.count("in") >= 48


@pytest.mark.parametrize("pack", ["noise", "photographs", "grey photographs"])
def test_generated_pictures_are_refused(pack, fitted):
    assert set(statuses(fitted[1], generated_packs(8, 3)[pack])) == {"out"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (invert, "inverted"),
        (lambda p: turn(p, 1), "by 90"),
        (lambda p: turn(p, 2), "by 180"),
        (lambda p: turn(p, 3), "270"),
    ],
)
def test_changed_pictures_are_refused_and_named(change, said, fitted):
    answers = fitted[1].answers(Inputs([change(picture) for picture in heads(12, seed=5)]))
    assert [answer.status for answer in answers] == ["out"] * 12
    assert sum(said in answer.reason for answer in answers) >= 10


def test_a_mirrored_picture_is_a_note(fitted):
    answers = fitted[1].answers(Inputs([mirror(picture) for picture in heads(12, seed=5)]))
    let_in = [answer for answer in answers if answer.status != "out"]
    assert all("mirrored" in answer.note for answer in let_in)
    assert not any(answer.note for answer in fitted[1].answers(Inputs(heads(12, seed=5))))


def test_constant_pictures_are_refused(fitted):
    black, white = np.zeros((50, 60), dtype=np.uint8), np.full((64, 64), 255, dtype=np.uint8)
    for answer in fitted[1].answers(Inputs([black, white])):
        assert (answer.status, answer.score) == ("out", 1.0)


def test_nothing_in_nothing_out(fitted):
    assert fitted[1].answers(Inputs([])) == []


def test_the_nearest_case_of_a_training_picture_is_itself(fitted):
    pictures, refusal = fitted
    answers = refusal.answers(Inputs(pictures[10:13]))
    assert [answer.nearest[0] for answer in answers] == [10, 11, 12]
    assert all(len(set(answer.nearest)) == 5 for answer in answers)


def test_an_answer_does_not_depend_on_the_company(fitted):
    pictures = heads(6, seed=5) + generated_packs(2, 0)["noise"]
    together = fitted[1].answers(Inputs(pictures))
    alone = [fitted[1].answers(Inputs([picture]))[0] for picture in pictures]
    assert together == alone


def test_colour_and_header_break_a_rule(fitted):
    _, refusal = fitted
    grey = heads(1, seed=5)[0]
    painted = np.dstack([grey, grey // 3, grey // 3])
    assert "colour" in refusal.answers(Inputs([painted]))[0].reason
    assert statuses(refusal, [np.dstack([grey] * 3)]) == statuses(refusal, [grey])
    known = Refusal.from_arrays({**refusal.described(), "kinds": ["radiograph"]}, refusal.arrays())
    header = ImageFacts("DICOM", 72, 72, 12, "grey", 1000, modality="MR")
    answer = known.answers(Inputs([grey]), [header])[0]
    assert (answer.status, answer.reason) == ("out", "another kind of picture: MR, not radiograph")
    same = ImageFacts("DICOM", 72, 72, 12, "grey", 1000, modality="DX")
    assert known.answers(Inputs([grey]), [same])[0].status == refusal.answers(Inputs([grey]))[0].status
    assert known.answers(Inputs([grey]), [None])[0].status == refusal.answers(Inputs([grey]))[0].status


def test_radiographs_have_several_names():
    assert kind_of("CR") == kind_of(" dx ") == "radiograph"
    assert (kind_of("MR"), kind_of(None)) == ("MR", "")


def test_blocks_have_length_one_and_a_constant_picture_none():
    blocks = classical_blocks(classical_features([heads(1)[0], np.zeros((40, 40), dtype=np.uint8)]))
    np.testing.assert_allclose(np.linalg.norm(blocks["gradients"], axis=1), [1, 0], atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(blocks["pattern"], axis=1), [1, 0], atol=1e-5)
    np.testing.assert_allclose(blocks["pattern"][0].sum(), 0, atol=1e-4)


def fit_through(backbone, most=60, count=60):
    data, all_of_them = Inputs(heads(count), backbone), np.arange(count)
    return fit_refusal_on(data, all_of_them, all_of_them, make_copies(data, "frozen", 0, most=most), "frozen", 0)


def test_probes_look_at_what_a_backbone_sees_where():
    refusal = fit_through(Fields())
    assert (refusal.sees, refusal.probes_see) == ("frozen", "way up")
    lengths = {probe.name: len(probe.weights) for probe in refusal.probes}
    assert lengths == dict.fromkeys(lengths, 3 * 3 * 3) | {"rotated 180": 3 * 3 * 3 + 2 * 4 * 4}
    new, backbone = heads(12, seed=5), Fields()
    assert [answer.status for answer in refusal.answers(Inputs(new, backbone))].count("out") <= 1
    again = Refusal.from_arrays(refusal.described(), unpack_arrays(pack_arrays(refusal.arrays())))
    for quarters, said in ((1, "by 90"), (2, "by 180"), (3, "by 270")):
        turned = Inputs([turn(picture, quarters) for picture in new], backbone)
        answers = refusal.answers(turned)
        assert [answer.status for answer in answers] == ["out"] * 12
        assert sum(said in answer.reason for answer in answers) >= 8
        assert again.answers(turned) == answers


def test_where_there_are_pictures_enough_places_alone_tell_the_way_up():
    refusal = fit_through(Fields(), count=ENOUGH_PLACES)
    assert (refusal.sees, refusal.probes_see) == ("frozen", "places")
    lengths = {probe.name: len(probe.weights) for probe in refusal.probes}
    assert lengths == dict.fromkeys(lengths, 3 * 3 * 3) and "rotated 180" in lengths
    turned = Inputs([turn(picture, 2) for picture in heads(12, seed=5)], Fields())
    assert all("by 180" in answer.reason for answer in refusal.answers(turned))


def test_folders_of_earlier_versions_look_at_places_alone():
    refusal = fit_through(Fields())
    arrays = {name: array for name, array in refusal.arrays().items() if ".rotated 180." not in name}
    described = refusal.described() | {"probes_see": "places"}
    described["probes"] = [one for one in described["probes"] if one["name"] != "rotated 180"]
    column = refusal.names.index("rotated 180")
    arrays |= {name: np.delete(arrays[name], column) for name in ("edge", "out")}
    old, new = Refusal.from_arrays(described, arrays), Inputs(heads(4, seed=5), Fields())
    np.testing.assert_allclose(old.deviations(new), np.delete(refusal.deviations(new), column, axis=1))


def test_where_there_are_no_places_probes_look_at_all_else():
    refusal = fit_through(Fields(places=False), most=40)
    assert refusal.probes_see == "frozen"
    again = Refusal.from_arrays(refusal.described(), refusal.arrays())
    new = Inputs([turn(picture, 2) for picture in heads(12, seed=5)], Fields())
    assert again.answers(new) == refusal.answers(new)  # what folders of earlier versions hold
    with pytest.raises(ValueError, match="no places"):
        see_for_probes(Inputs(heads(1), Fields(places=False)), "places")


def test_probes_of_different_pictures_do_not_fit_together():
    refusal = fit_through(Fields())
    arrays = refusal.arrays()
    cut = {**arrays, "probe.inverted.weights": arrays["probe.inverted.weights"][1:]}
    with pytest.raises(ValueError, match="fit together"):
        Refusal.from_arrays(refusal.described(), cut)


def test_places_are_kept_for_parts_and_asked_for_once():
    backbone = Fields()
    data = Inputs(heads(5), backbone)
    places = data.places()
    assert places.shape == (5, 3, 3, 3)
    backbone.keeps = False
    np.testing.assert_array_equal(data.take(np.array([3, 1])).places(), places[[3, 1]])
    assert Inputs(heads(1)).places() is None and Inputs([], backbone).places() is None


def test_the_way_up_turns_its_sign_with_the_picture_and_not_with_its_mirror_image():
    pictures, backbone = heads(6), Fields()
    upright = np.hstack(Inputs(pictures, backbone).way_up())
    assert upright.shape == (6, 3 * 3 * 3 + 2 * 4 * 4) and np.abs(upright).max() > 0.1
    turned = Inputs([turn(picture, 2) for picture in pictures], backbone)
    np.testing.assert_allclose(np.hstack(turned.way_up()), -upright, atol=5e-3)
    mirrored = Inputs([picture[:, ::-1] for picture in pictures], backbone)
    np.testing.assert_allclose(np.hstack(mirrored.way_up()), upright, atol=5e-3)
    assert Inputs(pictures, Fields(places=False)).way_up() is None and Inputs([], backbone).way_up() is None
    whole = Inputs(pictures, backbone)
    whole.way_up()
    backbone.keeps = False
    np.testing.assert_array_equal(np.hstack(whole.take(np.array([3, 1])).way_up()), upright[[3, 1]])


def test_a_few_coloured_letters_are_a_small_share():
    grey = np.dstack([heads(1)[0]] * 3)
    grey[:6, :12] = (255, 0, 0)
    assert 0 < colour_shares([grey])[0] < 0.05
    assert colour_shares([heads(1)[0]])[0] == 0


def test_sets_need_every_class(fitted):
    _, refusal = fitted
    table = np.array([[0.9, 0.1], [0.5, 0.5], [0.3, 0.7]])
    assert refusal.sets(table) is None
    refusal.quantiles = (0.6, None)
    assert refusal.sets(table) is None
    refusal.quantiles = (0.6, 0.6)
    assert refusal.sets(table) == [(0,), (0, 1), (1,)]
    refusal.quantiles = ((0.3, 0.3), (None, 0.5))  # findings: the second has too few cases
    assert refusal.sets(table) == [(), (0,), ()]
    refusal.quantiles = ()


def classifier_with(pictures, refusal):
    part = LinearFit("classical", classical_features(pictures).astype(float), np.arange(len(pictures)) % 2, 2).at(1e-3)
    return Classifier(("ill", "well"), "ill", "classical", [part], threshold=0.4, refusal=refusal)


def test_a_saved_refusal_answers_as_before(fitted, tmp_path):
    pictures, refusal = fitted
    refusal.quantiles = (0.6, 0.7)
    classifier_with(pictures, refusal).save(tmp_path / "model")
    again = load_classifier(tmp_path / "model").refusal
    asked = Inputs(heads(6, seed=5) + generated_packs(3, 0)["noise"] + [turn(heads(1)[0], 1)])
    assert again.answers(asked) == refusal.answers(asked)
    assert again.quantiles == (0.6, 0.7)
    assert again.described() == refusal.described()
    refusal.quantiles = ()


def test_quantiles_of_findings_survive(fitted):
    described = {**fitted[1].described(), "quantiles": [[0.5, None], [None, None]]}
    stored = json.loads(json.dumps(described))
    assert Refusal.from_arrays(stored, fitted[1].arrays()).quantiles == ((0.5, None), (None, None))


@pytest.mark.parametrize("place", [300, -5])
def test_a_flipped_bit_is_found(place, fitted, tmp_path):
    pictures, refusal = fitted
    classifier_with(pictures, refusal).save(tmp_path)
    stored = bytearray((tmp_path / "refusal.safetensors").read_bytes())
    stored[place] ^= 1
    (tmp_path / "refusal.safetensors").write_bytes(stored)
    with pytest.raises(ModelRejected, match=r"refusal\.safetensors"):
        load_classifier(tmp_path)


def test_a_missing_file_is_found(fitted, tmp_path):
    classifier_with(*fitted).save(tmp_path)
    Path(tmp_path / "refusal.safetensors").unlink()
    with pytest.raises(ModelRejected, match=r"refusal\.safetensors"):
        load_classifier(tmp_path)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("out", lambda a: a[:-1]),
        ("rows", lambda a: a[1:]),
        ("levels", lambda a: a[:0]),
        ("scale", lambda a: a * np.nan),
        ("cloud.precision", lambda a: a[:1]),
        ("case.gradients", lambda a: a[:, 0]),
        ("probe.inverted.weights", lambda a: a[1:]),
    ],
)
def test_arrays_that_do_not_fit_are_refused(name, change, fitted):
    _, refusal = fitted
    arrays = unpack_arrays(pack_arrays(refusal.arrays()))
    with pytest.raises(ValueError):
        Refusal.from_arrays(refusal.described(), {**arrays, name: change(arrays[name])})


@pytest.mark.parametrize(
    "change", [{"sees": "tuned"}, {"probes": [{"name": "upside", "auroc": 1}]}, {"blocks": ["gradients", "smell"]}]
)
def test_descriptions_of_something_else_are_refused(change, fitted):
    _, refusal = fitted
    with pytest.raises((ValueError, KeyError)):
        Refusal.from_arrays({**refusal.described(), **change}, refusal.arrays())
