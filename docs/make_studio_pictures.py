"""Makes the pictures of the studio: every page, in both themes, at three widths, from a real training on phantoms.

    pip install playwright            # drives a Chromium that is installed on the system
    python docs/make_studio_pictures.py studio-pictures --browser /usr/bin/chromium
    python docs/make_studio_pictures.py studio-pictures --home studio-pictures/home    # again, without training

The first time the sample is made, added, checked and trained with the quick preset through the studio itself (minutes).
The pictures of the README and the guide go to docs/images; nothing in them is drawn by hand.
"""

from __future__ import annotations

import argparse
import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Page, sync_playwright

WIDTHS = {1440: 900, 1024: 768, 390: 844}
#: Name of the picture -> address; {p} is the project, {r} its run.
PAGES = {
    "start": "/",
    "build": "/p/{p}/build",
    "audit": "/p/{p}/audit",
    "results": "/p/{p}/r/{r}/results",
    "cases": "/p/{p}/r/{r}/cases?case=0",
    "try": "/p/{p}/r/{r}/try",
    "compare": "/p/{p}/compare",
    "export": "/p/{p}/r/{r}/export",
    "reading": "/p/{p}/reading",
}
#: What the README and the guide show, at the largest width.
SHOWN = [(name, theme) for name in ("build", "results", "cases") for theme in ("dark", "light")]
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


def main() -> None:
    """Starts a studio, furnishes it where needed, and photographs every page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="a folder for all pictures")
    parser.add_argument("--home", type=Path, help="a home of the studio with a finished run")
    parser.add_argument("--browser", default="/usr/bin/chromium")
    parser.add_argument("--only", help="names of pages: build,cases")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    server, link = start_studio(options.home or options.out / "home")
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=options.browser, args=ARGUMENTS)
            page = browser.new_page()
            page.goto(link)
            project, run = furnish(page)
            wanted = options.only.split(",") if options.only else list(PAGES)
            for theme in ("dark", "light"):
                for width, height in WIDTHS.items():
                    context = browser.new_context(
                        viewport={"width": width, "height": height}, color_scheme=theme, reduced_motion="reduce"
                    )
                    photograph(
                        context.new_page(), link, {name: PAGES[name] for name in wanted}, project, run, options.out
                    )
                    context.close()
            browser.close()
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(20)
    place = Path(__file__).parent / "images"
    for name, theme in SHOWN:
        if name in wanted:
            picture = Image.open(options.out / f"{name}-1440-{theme}.png").convert("RGB")
            # 256 colours are enough for these, at a third of the size.
            picture.quantize(256, dither=Image.Dither.NONE).save(place / f"studio-{name}-{theme}.png", optimize=True)


def start_studio(home: Path) -> tuple[subprocess.Popen[str], str]:
    """A server process and its link."""
    command = [sys.executable, "-m", "wetread", "studio", str(home), "--no-browser"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)  # noqa: S603
    for line in server.stdout or ():
        if found := re.search(r"http://\S+/open\?t=\S+", line):
            return server, found[0]
    raise SystemExit("The studio printed no link.")


def furnish(page: Page) -> tuple[str, str]:
    """A project with a finished run: the newest there is, else the sample, checked and trained."""
    projects = ask(page, "GET", "/start")["projects"]
    for project in projects:
        if project["last"]:
            return project["id"], project["last"]["run"]
    project = ask(page, "POST", "/samples", {"name": "chest-effusion"})
    wait_for(page, f"/projects/{project['project']}/tasks/{project['task']}", "state", ("done",), ("failed",))
    ask(page, "POST", f"/projects/{project['project']}/audit", {})
    run = ask(page, "POST", f"/projects/{project['project']}/runs", {"preset": "quick"})["run"]
    place = f"/projects/{project['project']}/runs/{run}/events?after=0"
    wait_for(page, place, "status", ("finished",), ("failed", "stopped", "interrupted"))
    wait_for(page, f"/projects/{project['project']}/audit", "status", ("finished",), ("failed",))
    return project["project"], run


def ask(page: Page, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """One request to the server, as the page makes it."""
    origin = page.url.split("/", 3)
    headers = {"X-Wetread": "1", "Content-Type": "application/json"}
    reply = page.request.fetch(
        f"{origin[0]}//{origin[2]}/api{path}",
        method=method,
        headers=headers,
        data=None if body is None else json.dumps(body),
    )
    if not reply.ok:
        raise SystemExit(f"{method} {path}: {reply.status} {reply.text()}")
    return dict(reply.json())


def wait_for(page: Page, path: str, key: str, good: tuple[str, ...], bad: tuple[str, ...]) -> None:
    """Waits until a state is a good one; half an hour at most."""
    for _ in range(1800):
        state = ask(page, "GET", path)[key]
        if state in good:
            return
        if state in bad:
            raise SystemExit(f"{path}: {state}")
        time.sleep(1)
    raise SystemExit(f"{path}: not done within half an hour")


def photograph(page: Page, link: str, pages: dict[str, str], project: str, run: str, out: Path) -> None:
    """Every page in the theme and at the width of this browser window, and how wide it really is."""
    page.goto(link)
    theme = page.evaluate("document.documentElement.dataset.theme")
    size = page.viewport_size or {"width": 0}
    for name, address in pages.items():
        page.goto(link.split("/open")[0] + address.format(p=project, r=run))
        page.wait_for_selector("main:not([data-state=loading])")
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(600)
        page.screenshot(path=out / f"{name}-{size['width']}-{theme}.png")
        page.screenshot(path=out / f"{name}-{size['width']}-{theme}-whole.png", full_page=True)
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > size["width"]:
            print(f"{name} at {size['width']}: scrolls sideways, {wide} px wide")


if __name__ == "__main__":
    main()
