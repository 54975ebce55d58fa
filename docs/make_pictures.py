"""Makes the pictures of the README from a real run on the phantoms.

    make demo
    pip install playwright            # drives a Chromium that is installed on the system
    python docs/make_pictures.py wetread-demo/run --browser /usr/bin/chromium

The pictures are screenshots of report.html; nothing in them is drawn by hand.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

WIDTH, HEIGHT = 1180, 860
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def main() -> None:
    """Photographs the report of one run and its last block of cases, in light and in dark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="a run folder")
    parser.add_argument("--browser", default="/usr/bin/chromium")
    options = parser.parse_args()
    place = Path(__file__).parent / "images"
    place.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.browser, args=ARGUMENTS)
        for scheme in ("light", "dark"):
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme=scheme)
            page.goto((options.run / "report.html").resolve().as_uri())
            page.screenshot(path=place / f"report-{scheme}.png")
            page.locator(".cases").last.screenshot(path=place / f"cases-{scheme}.png")
        browser.close()
    # 256 colours are enough for these, at a third of the size.
    for path in (*place.glob("report-*.png"), *place.glob("cases-*.png")):
        Image.open(path).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main()
