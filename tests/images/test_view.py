"""The text form of a view: what people write, and that it survives being written down."""

import pytest

from wetread.errors import InputError
from wetread.images.view import WINDOWS, ColourRange, View, Window

BASE = Window("", 60, 300)


@pytest.mark.parametrize(
    ("text", "view"),
    [
        ("file", View()),
        (" FULL ", View("full")),
        ("percentiles", View("percentiles")),
        ("brain", View("window", (Window("brain", 40, 80),))),
        ("40/80", View("window", (Window("", 40, 80),))),
        ("+40 / 80", View("window", (Window("", 40, 80),))),
        ("-600/1500+brain", View("window", (Window("", -600, 1500), Window("brain", 40, 80)))),
        ("40/80+-600/1500", View("window", (Window("", 40, 80), Window("", -600, 1500)))),
        ("40.5/80.25", View("window", (Window("", 40.5, 80.25),))),
        ("60/300; red 50..95", View("window", (BASE,), (ColourRange("red", 50, 95),))),
        ("60/300; 50 to 95 red", View("window", (BASE,), (ColourRange("red", 50, 95),))),
        ("60/300; red: 95..50", View("window", (BASE,), (ColourRange("red", 50, 95),))),
        ("60/300; red -10--5", View("window", (BASE,), (ColourRange("red", -10, -5),))),
        ("60/300;red 1..2; blue 2..3;", View("window", (BASE,), (ColourRange("red", 1, 2), ColourRange("blue", 2, 3)))),
        ("1234567.5/2", View("window", (Window("", 1234567.5, 2),))),
    ],
)
def test_reading_and_writing(text, view):
    assert View.parse(text) == view
    assert View.parse(str(view)) == view


def test_every_named_window():
    assert list(WINDOWS) == ["brain", "stroke", "subdural", "bone", "lung", "mediastinum", "abdomen", "liver"]
    for name, (center, width) in WINDOWS.items():
        assert View.parse(name).windows == (Window(name, center, width),)


def test_channels():
    assert View.parse("brain+bone").in_colour and View.parse("brain; red 1..2").in_colour
    assert not View.parse("brain").in_colour and not View.parse("file").in_colour


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "window"),
        ("heart", "window"),
        ("40/0", "window"),
        ("40/-80", "window"),
        ("40/0.5", "window"),
        ("nan/80", "window"),
        ("brain+bone+lung+liver", "window"),
        ("brain+bone; red 1..2", "window"),
        ("file; red 1..2", "window"),
        ("brain; purple 1..2", "colour"),
        ("brain; 1..2", "colour"),
        ("brain; red", "colour"),
    ],
)
def test_what_is_no_view(text, code):
    with pytest.raises(InputError) as caught:
        View.parse(text)
    assert caught.value.code == code and caught.value.remedy


def test_frames():
    assert [View.parse("file", frame=frame).frame for frame in ("middle", "ALL", " 7 ")] == ["middle", "all", "7"]
    for frame in ("0", "-1", "first", "1.5", "\u00b2", ""):
        with pytest.raises(InputError) as caught:
            View.parse("file", frame=frame)
        assert caught.value.code == "frame"
