"""What a person waits for in the studio's pages: a folder of 1,200 files, and the first sight of 10,000 images.

    pip install playwright
    python bench/studio_pages.py [--files 1200] [--items 10000] [--dicom] [--browser /usr/bin/chromium]

A real browser, the folder chosen as a person would, until the page says that all are in; then a project of many items
(written into its journal, without their pictures) is opened: the first paint, and when its classes stand there.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parent))
from studio_intake import Server, arguments, pictures, write_items


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--browser", default="/usr/bin/chromium")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        home, scans = Path(folder) / "home", Path(folder) / "scans"
        many = write_items(home, asked.items)
        for number, (name, data) in enumerate(pictures(asked.files, asked.side, asked.dicom)):
            place = scans / ("sick" if number % 2 else "well") / name.rsplit("/", 1)[-1]
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        server = Server(home)
        browser = playwright.chromium.launch(executable_path=asked.browser, args=["--no-sandbox", "--disable-gpu"])
        try:
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            name, value = server.cookie.split("=", 1)
            page.context.add_cookies([{"name": name, "value": value, "url": f"http://{server.place}"}])
            project = json.loads(server.ask("POST", "/projects", b'{"name": "bench"}'))["id"]
            bring(page, f"http://{server.place}/p/{project}/build", scans, asked.files)
            look(page, f"http://{server.place}/p/{many}/build", asked.items)
            print(f"memory of the server: {server.memory():.0f} MB")
        finally:
            browser.close()
            server.process.terminate()
            server.process.wait(20)


def bring(page: Page, address: str, scans: Path, count: int) -> None:
    page.goto(address)
    page.get_by_role("heading", name="Drop images here").wait_for()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a folder").click()
    chooser.value.set_files(scans)
    button = page.get_by_role("button", name="Add them")
    button.wait_for(timeout=120_000)
    started = time.perf_counter()
    button.click()
    page.locator(".import[data-state=done]").wait_for(timeout=600_000)
    print(f"{count} files through the browser: {time.perf_counter() - started:.1f} s")


def look(page: Page, address: str, count: int) -> None:
    for turn in ("first", "second"):
        started = time.perf_counter()
        page.goto(address, wait_until="commit")
        page.locator("main[data-state=ready]").wait_for(timeout=60_000)
        there = time.perf_counter() - started
        paint = page.evaluate(
            "performance.getEntriesByType('paint').find((one) => one.name === 'first-contentful-paint')?.startTime"
        )
        print(f"{count} images, {turn} opening: first paint {paint:.0f} ms, classes after {there:.2f} s")


if __name__ == "__main__":
    main()
