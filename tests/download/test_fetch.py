"""A download ends with the right bytes under their name, or with a sentence that says what to do."""

import hashlib
import json
import subprocess
import sys
import threading
import time
from collections import namedtuple
from dataclasses import replace as changed

import pytest

from download.server import BODY, another_range, drop, endless, hang, redirect, refuse, replace
from wetread.download.fetch import fetch as fetch_file
from wetread.download.known import KnownHashes
from wetread.download.remote_file import RemoteFile
from wetread.errors import InputError, OutputError
from wetread.progress import StepAdvanced, StepFinished, StepStarted

SHA256, MD5 = hashlib.sha256(BODY).hexdigest(), hashlib.md5(BODY).hexdigest()
OTHER = b"other" * 100_000


@pytest.fixture
def fetch(tmp_path, patience, events):
    def work(url, **words):
        patient = words.pop("patience", patience)
        known = words.pop("known_hashes", None)
        file = RemoteFile(url, "a.bin", **words)
        return fetch_file(file, tmp_path, listen=events.append, known_hashes=known, patience=patient)

    return work


def refusal(work, *args, kind=InputError, **words):
    with pytest.raises(kind) as caught:
        work(*args, **words)
    assert caught.value.remedy
    return caught.value


def was_asked(publisher, times):
    """Whether it was asked so often; who gave up may have gone before the server got round to the request."""
    deadline = time.monotonic() + 120
    while len(publisher.asked) < times and time.monotonic() < deadline:
        time.sleep(0.02)
    return len(publisher.asked) == times


def names(folder):
    return sorted(entry.name for entry in folder.iterdir())


# What arrives ---------------------------------------------------------------------------------------------------------


def test_a_file_arrives_and_leaves_nothing_beside_it(publisher, fetch, tmp_path, events):
    path = fetch(publisher.serve("/a"), sha256=SHA256, md5=MD5, bytes=len(BODY))
    assert path == tmp_path / "a.bin"
    assert path.read_bytes() == BODY
    assert names(tmp_path) == ["a.bin"]
    assert publisher.asked[0][1]["Accept-Encoding"] == "identity"
    assert isinstance(events[0], StepStarted)
    assert (events[0].title, events[0].total) == ("Fetching a.bin", 512_000)
    done = [event.done for event in events if isinstance(event, StepAdvanced)]
    assert done == sorted(done)
    assert done[-1] == len(BODY)
    assert isinstance(events[-1], StepFinished)
    assert events[-1].summary == "512 kB, as published"


def test_a_file_that_is_there_is_checked_and_not_fetched(publisher, fetch, events):
    url = publisher.serve("/a")
    fetch(url, sha256=SHA256)
    assert fetch(url, sha256=SHA256).read_bytes() == BODY
    assert len(publisher.asked) == 1
    assert [event.title for event in events if isinstance(event, StepStarted)] == ["Fetching a.bin", "Checking a.bin"]


@pytest.mark.parametrize("expected", [{"sha256": SHA256}, {"md5": MD5}, {"bytes": len(BODY)}])
def test_a_damaged_file_that_is_there_is_named_and_left_alone(publisher, fetch, tmp_path, expected):
    (tmp_path / "a.bin").write_bytes(BODY[:-1])
    error = refusal(fetch, publisher.serve("/a"), **expected)
    assert error.code == "wrong-hash"
    assert (tmp_path / "a.bin").read_bytes() == BODY[:-1]
    assert not publisher.asked


# Attempts -------------------------------------------------------------------------------------------------------------


def test_a_connection_that_drops_again_and_again_is_taken_up_each_time(publisher, fetch):
    url = publisher.serve("/a", acts=[drop(100_000) for _ in range(4)])
    assert fetch(url).read_bytes() == BODY
    asked = publisher.ranges_asked()
    assert asked[0] is None
    assert len(asked) == 5
    starts = [int(one.removeprefix("bytes=").rstrip("-")) for one in asked[1:]]
    assert starts == sorted(set(starts))
    assert {headers.get("If-Range") for _, headers in publisher.asked[1:]} == {'"one"'}


def test_a_date_serves_where_the_server_gives_no_strong_tag(publisher, fetch):
    date = "Wed, 21 Oct 2015 07:28:00 GMT"
    url = publisher.serve("/a", acts=[drop(100_000)], headers={"ETag": 'W/"weak"', "Last-Modified": date})
    assert fetch(url).read_bytes() == BODY
    assert publisher.asked[1][1]["If-Range"] == date


def test_the_next_call_goes_on_where_an_interrupted_one_ended(publisher, fetch, tmp_path, patience):
    url = publisher.serve("/a", acts=[drop(200_000), *[refuse(503) for _ in range(3)]])
    error = refusal(fetch, url, sha256=SHA256)
    assert error.code == "unreachable"
    assert "kept" in error.message
    kept = (tmp_path / "a.bin.part").stat().st_size
    assert 0 < kept <= 200_000
    assert fetch(url, sha256=SHA256).read_bytes() == BODY
    assert publisher.ranges_asked()[-1] == f"bytes={kept}-"
    assert names(tmp_path) == ["a.bin"]


def test_an_interrupted_call_keeps_its_part(publisher, fetch, tmp_path, monkeypatch):
    def interrupted(event):
        if isinstance(event, StepAdvanced):
            raise KeyboardInterrupt

    url = publisher.serve("/a")
    file = RemoteFile(url, "a.bin")
    with pytest.raises(KeyboardInterrupt):
        fetch_file(file, tmp_path, listen=interrupted)
    kept = (tmp_path / "a.bin.part").stat().st_size
    assert kept > 0
    assert BODY.startswith((tmp_path / "a.bin.part").read_bytes())
    assert fetch(url).read_bytes() == BODY
    assert publisher.ranges_asked() == [None, f"bytes={kept}-"]


def test_a_part_that_is_whole_already_is_only_checked(publisher, fetch, tmp_path):
    url = publisher.serve("/a")
    (tmp_path / "a.bin.part").write_bytes(BODY)
    (tmp_path / "a.bin.part.json").write_text(json.dumps({"url": url, "version": '"one"', "bytes": len(BODY)}))
    assert fetch(url).read_bytes() == BODY
    assert not publisher.asked


def test_a_server_without_ranges_starts_from_the_beginning(publisher, fetch):
    url = publisher.serve("/a", acts=[drop(100_000)], ranges=False)
    assert fetch(url, sha256=SHA256).read_bytes() == BODY
    assert len(publisher.asked) == 2


@pytest.mark.parametrize("if_range", [True, False])
def test_a_file_that_changes_between_attempts_is_never_mixed(publisher, fetch, if_range):
    def change(handler, served):
        drop(100_000)(handler, served)
        served.body, served.headers = OTHER, {"ETag": '"two"'}

    url = publisher.serve("/a", acts=[change], if_range=if_range)
    assert fetch(url).read_bytes() == OTHER


def test_a_file_without_any_version_starts_anew_unless_a_hash_would_tell(publisher, fetch, tmp_path):
    for expected, asked in (({}, None), ({"md5": MD5}, "bytes=1000-")):
        publisher.asked.clear()
        url = publisher.serve("/a", headers={})
        (tmp_path / "a.bin.part").write_bytes(BODY[:1000])
        (tmp_path / "a.bin.part.json").write_text(json.dumps({"url": url, "version": "", "bytes": len(BODY)}))
        assert fetch(url, **expected).read_bytes() == BODY
        assert publisher.ranges_asked() == [asked]
        (tmp_path / "a.bin").unlink()


def test_a_part_of_another_address_is_not_gone_on_with(publisher, fetch, tmp_path):
    (tmp_path / "a.bin.part").write_bytes(OTHER[:1000])
    (tmp_path / "a.bin.part.json").write_text(json.dumps({"url": "http://old", "version": '"one"', "bytes": 9}))
    assert fetch(publisher.serve("/a")).read_bytes() == BODY


def test_a_range_that_was_not_asked_for_is_not_taken(publisher, fetch):
    url = publisher.serve("/a", acts=[drop(100_000), another_range])
    assert fetch(url, sha256=SHA256).read_bytes() == BODY
    assert len(publisher.asked) == 3


def test_a_file_that_shrank_below_the_part_starts_anew(publisher, fetch):
    def change(handler, served):
        drop(100_000)(handler, served)
        served.body, served.if_range = OTHER[:50_000], False

    assert fetch(publisher.serve("/a", acts=[change], headers={})).read_bytes() == OTHER[:50_000]


def test_a_busy_server_is_asked_again_and_may_say_when(publisher, fetch):
    url = publisher.serve("/a", acts=[refuse(503), refuse(429, Retry_After="0")])
    assert fetch(url).read_bytes() == BODY
    assert len(publisher.asked) == 3


def test_a_server_that_changes_the_file_at_every_attempt_is_given_up(publisher, fetch):
    def change(number):
        def act(handler, served):
            served.headers = {"ETag": f'"{number}"'}
            drop(50_000)(handler, served)

        return act

    url = publisher.serve("/a", acts=[change(number) for number in range(20)])
    assert refusal(fetch, url).code == "unreachable"
    assert len(publisher.asked) <= 5


def test_silence_is_noticed_and_the_next_attempt_goes_on(publisher, fetch, patience):
    url = publisher.serve("/a")
    publisher.files["/a"].acts = [drop(100_000), hang(publisher)]
    # The attempts before and after the silence are held to it as well: a busy machine needs some seconds.
    assert fetch(url, patience=changed(patience, read=6.0)).read_bytes() == BODY
    assert len(publisher.asked) == 3


def test_lasting_silence_ends_with_a_sentence(publisher, fetch, patience):
    url = publisher.serve("/a")
    publisher.files["/a"].acts = [hang(publisher) for _ in range(9)]
    error = refusal(fetch, url, patience=changed(patience, read=0.1))
    assert error.code == "unreachable"
    assert "stopped sending" in error.message
    assert was_asked(publisher, 3)


# What is refused ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("status", "code"), [(404, "gone"), (410, "gone"), (403, "refused"), (401, "refused")])
def test_a_file_that_cannot_be_had_says_how_to_get_it_by_hand(publisher, fetch, tmp_path, status, code):
    url = publisher.serve("/a", acts=[refuse(status)])
    error = refusal(fetch, url)
    assert error.code == code
    assert len(publisher.asked) == 1
    for word in (url, "another computer", str(tmp_path / "a.bin"), "repeat the command"):
        assert word in error.remedy


@pytest.mark.parametrize("expected", [{"sha256": "0" * 64}, {"md5": "0" * 32}])
def test_wrong_content_is_removed_and_said(publisher, fetch, tmp_path, expected):
    error = refusal(fetch, publisher.serve("/a"), **expected)
    assert error.code == "wrong-hash"
    assert names(tmp_path) == []


def test_a_file_of_another_kind_is_removed_and_said(publisher, tmp_path, patience):
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:8055\nsize 166486464\n"
    for name in ("a.zip", "a.tar.gz", "a.npz", "a.tm"):
        file = RemoteFile(publisher.serve("/a", pointer), name)
        assert refusal(fetch_file, file, tmp_path, patience=patience).code == "wrong-hash"
    assert names(tmp_path) == []


def test_the_page_of_a_login_is_not_taken_for_the_file(publisher, fetch):
    page = publisher.serve("/a", b"<html>", headers={"Content-Type": "text/html; charset=utf-8"})
    error = refusal(fetch, page)
    assert error.code == "web-page"
    assert "login" in error.remedy


def test_an_endless_file_ends_at_its_limit(publisher, fetch, tmp_path):
    error = refusal(fetch, publisher.serve("/a", acts=[endless] * 9), at_most=1_000_000)
    assert error.code == "too-large"
    assert names(tmp_path) == []


@pytest.mark.parametrize("expected", [{"bytes": 511_999}, {"bytes": 512_001}, {"at_most": 511_999}])
def test_a_file_of_another_size_is_refused_before_it_comes(publisher, fetch, tmp_path, expected):
    error = refusal(fetch, publisher.serve("/a"), **expected)
    assert error.code == "too-large"
    assert names(tmp_path) == []


def test_a_body_that_is_shorter_than_the_known_size_is_asked_on(publisher, fetch):
    url = publisher.serve("/a", acts=[drop(100_000)], says_length=False)
    assert fetch(url, bytes=len(BODY)).read_bytes() == BODY
    assert len(publisher.asked) == 2


def test_a_full_disk_is_noticed_before_the_file_comes(publisher, fetch, tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("wetread.download.fetch.shutil.disk_usage", lambda place: usage(9, 0, 1_500_000))
    error = refusal(fetch, publisher.serve("/a"), kind=OutputError)
    assert error.code == "disk-full"
    assert "1.6 MB" in error.message
    assert "1.5 MB free" in error.message
    assert names(tmp_path) == []


# Redirects ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed_with_its_range(publisher, fetch, status):
    publisher.serve("/real", acts=[drop(100_000)])
    url = publisher.serve("/a", acts=[redirect("/real", status), redirect("/real", status)])
    assert fetch(url).read_bytes() == BODY
    assert publisher.ranges_asked()[1] is None
    assert publisher.ranges_asked()[3].startswith("bytes=")


def test_a_redirect_that_leads_in_circles_ends(publisher, fetch):
    url = publisher.serve("/a", acts=[redirect("/a") for _ in range(50)])
    assert refusal(fetch, url).code == "redirect"
    assert len(publisher.asked) == 9


@pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://127.0.0.1/a", "https://", "javascript:1"])
def test_a_redirect_to_no_web_address_is_refused(publisher, fetch, tmp_path, to):
    url = publisher.serve("/a", acts=[redirect(to)] * 9)
    assert refusal(fetch, url).code == "redirect"
    assert names(tmp_path) == []


def test_a_redirect_that_is_garbled_is_asked_for_again(publisher, fetch):
    assert fetch(publisher.serve("/a", acts=[redirect("http://[")])).read_bytes() == BODY


def test_a_redirect_from_https_to_http_is_refused():
    import httpx

    from wetread.download.answer import _follow

    assert _follow(httpx.URL("https://a.org/x"), "https://b.org/y").host == "b.org"
    assert _follow(httpx.URL("http://a.org/x"), "http://b.org/y").host == "b.org"
    assert refusal(_follow, httpx.URL("https://a.org/x"), "http://a.org/x").code == "redirect"


# Offline --------------------------------------------------------------------------------------------------------------


def test_nobody_there_is_offline_soon_with_what_to_do_by_hand(nobody, fetch, tmp_path, patience):
    url = f"{nobody}/a"
    started = time.monotonic()
    error = refusal(fetch, url, patience=changed(patience, connect=0.4, attempts=10**9))
    assert time.monotonic() - started < 60  # and not when all attempts are used up
    assert error.code == "offline"
    assert "127.0.0.1" in error.message
    for word in (url, "another computer", str(tmp_path / "a.bin"), "repeat the command"):
        assert word in error.remedy


def test_the_server_that_another_one_sends_to_is_named_where_it_cannot_be_reached(publisher, fetch, nobody, patience):
    there = nobody.replace("127.0.0.1", "localhost")  # as where a firewall knows the hub and not where its files lie
    error = refusal(
        fetch, publisher.serve("/a", acts=[redirect(f"{there}/a")] * 99), patience=changed(patience, connect=0.3)
    )
    assert error.code == "offline"
    assert error.message.startswith("localhost ")


def test_a_name_that_cannot_be_looked_up_is_offline_soon(fetch, monkeypatch, patience):
    answered, waited = threading.Event(), []

    def slow(*args, **words):
        waited.append(answered.wait(600))
        return []

    monkeypatch.setattr("socket.getaddrinfo", slow)
    try:
        error = refusal(fetch, "http://publisher.invalid/a", patience=changed(patience, connect=0.4))
        assert error.code == "offline"
        assert waited == [], "it was said while the system still looked"
    finally:
        answered.set()


def test_a_file_brought_by_hand_needs_no_internet(nobody, fetch, tmp_path):
    (tmp_path / "a.bin").write_bytes(BODY)
    assert fetch(f"{nobody}/a", sha256=SHA256).read_bytes() == BODY


def test_a_certificate_that_cannot_be_verified_names_the_setting(monkeypatch):
    import httpx

    from wetread.download.answer import _translated

    def fail():
        with _translated(httpx.URL("https://a.org/x")):
            raise httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed")

    error = refusal(fail)
    assert error.code == "certificate"
    assert "SSL_CERT_FILE" in error.remedy


def test_a_certificate_file_that_is_missing_is_said(publisher, fetch, tmp_path, monkeypatch):
    from wetread.download.answer import _certificates

    (tmp_path / "empty").write_text("no certificate")
    for name in ("missing", "empty"):
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / name))
        _certificates.cache_clear()
        error = refusal(fetch, publisher.serve("/a"))
        assert error.code == "certificate"
        assert "environment variable" in error.remedy


# Trust at first sight -------------------------------------------------------------------------------------------------


def test_a_file_without_a_published_hash_is_remembered_and_held_to_it(publisher, fetch, tmp_path, events):
    known = KnownHashes(tmp_path / "home" / "known.json")
    url = publisher.serve("/a")
    path = fetch(url, known_hashes=known)
    assert events[-1].summary.startswith(f"512 kB, seen for the first time, sha256 {SHA256[:12]}")
    assert json.loads(known.path.read_text()) == {url: SHA256}
    fetch(url, known_hashes=known)
    assert events[-1].summary == "512 kB, as before"
    path.unlink()
    publisher.files["/a"].acts = [replace(OTHER, ETag='"two"')]
    error = refusal(fetch, url, known_hashes=known)
    assert error.code == "wrong-hash"
    assert str(known.path) in error.remedy
    assert not path.exists()
    assert json.loads(known.path.read_text()) == {url: SHA256}


def test_a_file_of_another_kind_is_not_remembered(publisher, tmp_path, patience):
    known = KnownHashes(tmp_path / "known.json")
    file = RemoteFile(publisher.serve("/a", b"no zip"), "a.zip")
    for place in (tmp_path, tmp_path / "by-hand"):
        place.mkdir(exist_ok=True)
        if place != tmp_path:
            (place / "a.zip").write_bytes(b"no zip")
        assert refusal(fetch_file, file, place, known_hashes=known, patience=patience).code == "wrong-hash"
        assert not known.path.exists()


def test_a_published_hash_is_not_remembered(publisher, fetch, tmp_path):
    known = KnownHashes(tmp_path / "known.json")
    fetch(publisher.serve("/a"), sha256=SHA256, known_hashes=known)
    assert not known.path.exists()


@pytest.mark.parametrize("content", ["", "[]", '{"a": 1}', "\x00"])
def test_a_damaged_list_of_hashes_is_not_taken_for_an_empty_one(publisher, fetch, tmp_path, content):
    known = KnownHashes(tmp_path / "known.json")
    known.path.write_text(content)
    assert refusal(fetch, publisher.serve("/a"), known_hashes=known).code == "known-hashes"
    assert not publisher.asked


FETCH = """
import sys
from pathlib import Path
from wetread.download.fetch import fetch
from wetread.download.remote_file import RemoteFile
fetch(RemoteFile(sys.argv[1], "a.bin"), Path(sys.argv[2]))
"""


def test_a_killed_process_leaves_a_part_that_the_next_one_takes_up(publisher, fetch, tmp_path):
    url = publisher.serve("/a")

    def stall(handler, served):
        drop(300_000)(handler, served)
        handler.wfile.flush()
        publisher.released.wait(600)

    publisher.files["/a"].acts = [stall]
    child = subprocess.Popen([sys.executable, "-c", FETCH, url, str(tmp_path)])
    part = tmp_path / "a.bin.part"
    deadline = time.monotonic() + 240
    while not (part.exists() and part.stat().st_size) and time.monotonic() < deadline:
        assert child.poll() is None
        time.sleep(0.02)
    child.kill()
    child.wait(120)
    kept = part.stat().st_size
    assert kept > 0
    assert fetch(url).read_bytes() == BODY
    assert publisher.ranges_asked()[-1] == f"bytes={kept}-"
