"""Frame times of the viewer of the studio, while the window of a picture is dragged, in headless Chromium.

    python bench/studio_viewer.py [--side 1024] [--shown 1024] [--frames 180] [--heat]

The page is the studio's own viewer on a made-up 16-bit picture, shown at one screen pixel per pixel. Each animation
frame moves the pointer, as a hand does; what counts is the time between frames (16.7 ms is 60 per second) and the time
that the script takes of each. Chromium draws with the processor here, so a machine with a graphics card does better.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, Route, sync_playwright

STATIC = Path(__file__).parents[1] / "src" / "wetread" / "studio" / "static"
ORIGIN = "http://studio.test"
TYPES = {".js": "text/javascript", ".css": "text/css"}

PAGE = """<!doctype html><html data-theme="dark"><title>bench</title><link rel="stylesheet" href="/static/style.css">
<link rel="stylesheet" href="/static/viewer.css"><main id="main"></main>
<script type="module" src="/bench.js"></script>"""

#: In each frame the pointer moves a little on a figure of eight; what the viewer does in a frame is timed around it.
SCRIPT = """
const gaps = [], works = [];
const native = window.requestAnimationFrame.bind(window);
window.requestAnimationFrame = (callback) => native((now) => {
  const from = performance.now();
  callback(now);
  works.push(performance.now() - from);
});
const { createViewer } = await import("/static/viewer.js");
const viewer = createViewer({ label: "Bench" });
document.getElementById("main").append(viewer.element);
const stage = viewer.element.querySelector(".viewer-stage");
Object.assign(stage.style, { flex: "none", width: "SHOWNpx", height: "SHOWNpx" });
stage.setPointerCapture = () => {};
await viewer.load("/picture");
if (HEAT) {
  const row = (r) => Array.from({ length: 16 }, (_, c) => Math.sin(r / 3) * Math.cos(c / 4));
  viewer.setOverlay({ values: Array.from({ length: 16 }, (_, r) => row(r)), limit: 1 });
  viewer.setOpacity(0.55);
}
const send = (name, x, y) => stage.dispatchEvent(new PointerEvent(name, { pointerId: 1, clientX: x, clientY: y }));
let left = FRAMES, before = null;
function frame(now) {
  if (before !== null) gaps.push(now - before);
  else works.length = 0;
  before = now;
  send("pointermove", 300 + 90 * Math.sin(left / 11), 300 + 120 * Math.cos(left / 17));
  left -= 1;
  if (left > 0) native(frame);
  else Object.assign(document.body.dataset, { gaps: JSON.stringify(gaps), works: JSON.stringify(works), done: "1" });
}
send("pointerdown", 300, 300);
native(frame);
"""


def picture(side: int) -> bytes:
    """A 12-bit picture of soft shapes and grain, int16, little-endian."""
    rng = np.random.default_rng(0)
    down, along = np.mgrid[0:side, 0:side] / side
    soft = 1400 * np.sin(5 * along) * np.cos(4 * down) + 400 * np.hypot(along - 0.5, down - 0.5)
    return bytes((soft + rng.normal(0, 40, (side, side))).astype("<i2").tobytes())


def main() -> None:
    """Runs the drag, prints one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=1024, help="pixels of a side of the picture")
    parser.add_argument("--shown", type=int, default=1024, help="screen pixels of a side of the stage")
    parser.add_argument("--frames", type=int, default=180)
    parser.add_argument("--heat", action="store_true", help="with a heatmap above the picture")
    asked = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        page = browser.new_page(viewport={"width": asked.shown + 80, "height": asked.shown + 200})
        page.on("pageerror", lambda error: print(error))
        page.route("**/*", lambda route: _serve(route, asked))
        found = _drag(page)
        browser.close()
    gaps, works = np.array(found["gaps"]), np.array(found["works"])
    print(
        json.dumps(
            {
                "side": asked.side,
                "shown": asked.shown,
                "heat": asked.heat,
                "frames": len(gaps),
                "ms between frames": {f"p{p}": round(float(np.percentile(gaps, p)), 1) for p in (50, 95)},
                "ms of script per frame": {f"p{p}": round(float(np.percentile(works, p)), 1) for p in (50, 95)},
                "frames per second": round(1000 / float(gaps.mean()), 1),
            }
        )
    )


def _drag(page: Page) -> dict[str, list[float]]:
    page.goto(f"{ORIGIN}/")
    page.wait_for_selector("body[data-done]", timeout=60_000)
    data = page.evaluate("({...document.body.dataset})")
    return {name: json.loads(data[name]) for name in ("gaps", "works")}


def _serve(route: Route, asked: argparse.Namespace) -> None:
    path = route.request.url.removeprefix(ORIGIN).split("?")[0]
    if path.startswith("/static/"):
        file = STATIC / path.removeprefix("/static/")
        route.fulfill(body=file.read_bytes(), content_type=TYPES.get(file.suffix, "application/octet-stream"))
    elif path == "/bench.js":
        script = SCRIPT.replace("SHOWN", str(asked.shown)).replace("FRAMES", str(asked.frames))
        route.fulfill(body=script.replace("HEAT", str(asked.heat).lower()), content_type="text/javascript")
    elif path == "/api/picture":
        side = min(asked.side, 1024)
        headers = {"X-Shape": f"{side},{side}", "X-Window": "0,2000", "X-Original": f"{asked.side},{asked.side}"}
        route.fulfill(body=picture(side), content_type="application/octet-stream", headers=headers)
    elif path == "/":
        route.fulfill(body=PAGE, content_type="text/html")
    else:
        route.fulfill(status=404, body="")


if __name__ == "__main__":
    main()
