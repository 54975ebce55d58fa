"""The same secret gives the same pseudonyms; without it nothing can be tried out."""

import re

import pytest

from wetread.errors import InputError
from wetread.privacy.pseudonyms import SHIFT_DAYS, Pseudonyms, open_secret

SECRET = Pseudonyms(bytes(range(32)))


def test_a_patient_has_one_pseudonym_however_it_is_padded():
    assert re.fullmatch(r"P[0-9A-F]{8}", SECRET.patient("4711"))
    assert SECRET.patient("4711") == SECRET.patient(" 4711\0 ")
    assert SECRET.patient("Smith  John") == SECRET.patient("Smith John")
    assert SECRET.patient("4711") != SECRET.patient("4712")
    assert SECRET.patient("4711") != Pseudonyms(bytes(32)).patient("4711")


def test_uids_are_valid_and_short_enough():
    uids = {SECRET.uid(f"1.2.3.{number}") for number in range(200)}
    assert len(uids) == 200
    # PS3.5 section 9: at most 64 characters, components without leading zeros.
    assert all(re.fullmatch(r"2\.25\.[1-9]\d{0,38}", uid) and len(uid) <= 64 for uid in uids)


def test_shifts_are_constant_spread_and_into_the_past():
    shifts = [SECRET.days(str(number)) for number in range(300)]
    assert SECRET.days("7") == SECRET.days(" 7 ")
    assert all(SHIFT_DAYS[0] <= -shift <= SHIFT_DAYS[1] for shift in shifts)
    assert len(set(shifts)) > 250


def test_the_secret_is_shown_nowhere():
    assert SECRET.secret.hex() not in repr(SECRET)
    assert str(SECRET.secret) not in repr(SECRET)


def test_a_secret_is_made_once_kept_private_and_read_again(tmp_path):
    path = tmp_path / "secret.txt"
    made = open_secret(path)
    assert open_secret(path) == made
    assert path.stat().st_mode & 0o077 == 0
    assert open_secret(None) != open_secret(None)
    path.write_text("something else")
    with pytest.raises(InputError) as caught:
        open_secret(path)
    assert caught.value.code == "bad-secret"
    assert "something else" not in str(caught.value)
