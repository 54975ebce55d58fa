"""What a server says of a file comes within seconds, or a sentence does."""

import time
from dataclasses import replace

import pytest

from download.server import hang, redirect, refuse
from wetread.download.fetch import fetch
from wetread.download.look import look, read_small
from wetread.download.remote_file import RemoteFile
from wetread.errors import InputError


def refusal(work, *args, **words):
    with pytest.raises(InputError) as caught:
        work(*args, **words)
    return caught.value


def test_the_first_server_is_heard_before_it_sends_elsewhere(publisher, patience):
    publisher.head("/a", refuse(302, Location="http://127.0.0.1:1/elsewhere", X_Linked_Size="7"))
    found = look(publisher.url + "/a", patience=patience)
    assert (found.status, found.headers["x-linked-size"]) == (302, "7")


def test_a_redirect_within_the_server_is_followed(publisher, patience):
    publisher.head("/old", redirect("/new", 307))
    publisher.head("/new", refuse(200, X_Linked_Size="9"))
    assert look(publisher.url + "/old", patience=patience).headers["x-linked-size"] == "9"


def test_circles_end(publisher, patience):
    publisher.head("/a", redirect("/a"))
    assert refusal(look, publisher.url + "/a", patience=patience).code == "redirect"
    assert len(publisher.looked) == 9


def test_a_busy_server_is_asked_again(publisher, patience):
    publisher.head("/a", refuse(503), refuse(429), refuse(200))
    assert look(publisher.url + "/a", patience=patience).status == 200
    publisher.head("/a", refuse(500))
    error = refusal(look, publisher.url + "/a", patience=patience)
    assert (error.code, "500" in error.message) == ("unreachable", True)


def test_silence_ends_with_a_sentence(publisher, hasty):
    publisher.head("/a", hang(publisher))
    assert refusal(look, publisher.url + "/a", patience=hasty).code == "unreachable"


def test_nobody_there_is_offline_soon(nobody, patience):
    soon, started = replace(patience, connect=0.4, attempts=10**9), time.monotonic()
    for ask in (look, read_small):
        assert refusal(ask, f"{nobody}/a", patience=soon).code == "offline"
    assert time.monotonic() - started < 60  # and not when all attempts are used up


def test_a_small_file_is_read_whole_and_none_is_none(publisher, patience):
    assert read_small(publisher.serve("/a", b"{}"), patience=patience) == b"{}"
    assert read_small(publisher.url + "/b", patience=patience) is None


def test_a_large_or_trickling_file_is_not_read(publisher, patience, hasty):
    assert refusal(read_small, publisher.serve("/a", bytes(2 << 20)), patience=patience).code == "too-large"
    assert refusal(read_small, publisher.serve("/b", acts=[trickle] * 9), patience=hasty).code == "unreachable"


def trickle(handler, served):
    """A byte now and then, for ever."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.send_header("Connection", "close")
    handler.end_headers()
    for _ in range(100_000):
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.05)


def test_a_download_that_trickles_is_given_up(publisher, patience, tmp_path):
    file = RemoteFile(publisher.serve("/a", acts=[trickle] * 9), "a.bin")
    # Long enough between two bytes that a pause of the machine is no silence.
    slow, started = replace(patience, read=3.0, attempts=1), time.monotonic()
    error = refusal(fetch, file, tmp_path, patience=slow)
    assert error.code == "unreachable"
    assert "hardly anything" in error.message
    assert time.monotonic() - started < 300  # of five thousand


@pytest.mark.parametrize("elsewhere", [True, False])
def test_a_token_is_shown_to_the_first_server_only(publisher, patience, tmp_path, elsewhere):
    from download.server import BODY, Publisher

    other = Publisher() if elsewhere else publisher
    try:
        there = other.serve("/real")
        url = publisher.serve("/a", acts=[redirect(there)])
        headers = {"Authorization": "Bearer secret"}
        assert fetch(RemoteFile(url, "a.bin"), tmp_path, patience=patience, headers=headers).read_bytes() == BODY
        asked = [*publisher.asked, *other.asked] if elsewhere else publisher.asked
        assert [headers.get("Authorization") for _, headers in asked] == [
            "Bearer secret",
            None if elsewhere else "Bearer secret",
        ]
    finally:
        if elsewhere:
            other.close()


def test_how_to_get_a_file_by_hand_can_be_said_otherwise(publisher, patience, tmp_path):
    error = refusal(fetch, RemoteFile(publisher.url + "/no", "a.bin"), tmp_path, patience=patience, by_hand="Do that.")
    assert error.remedy == "Do that."
