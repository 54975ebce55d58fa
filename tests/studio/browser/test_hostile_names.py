"""Names that are scripts, in a real browser: they are shown as what they are, and nothing of them runs."""

import io
import json
from urllib.parse import quote

import pytest
from PIL import Image

from tests.studio.conftest import PATIENCE

pytestmark = pytest.mark.browser

SCRIPT = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>"


def call(page, live, method, path, body, **headers):
    reply = page.request.fetch(
        f"{live.url}/api{path}", method=method, data=body, headers={"X-Wetread": "1", "Origin": live.url, **headers}
    )
    assert reply.ok, reply.text()
    return reply.json()


def picture(grey):
    file = io.BytesIO()
    Image.new("L", (64, 64), grey).save(file, "PNG")
    return file.getvalue()


def test_names_are_text(page, live):
    body = json.dumps({"name": SCRIPT[:80]})
    project = call(page, live, "POST", "/projects", body, **{"Content-Type": "application/json"})["id"]
    for number in range(4):
        written, label = f"{SCRIPT}{number}.png", f"{SCRIPT[:40]}{number % 2}"
        names = {"X-Name": quote(written, safe=""), "X-Class": quote(label, safe="")}
        call(page, live, "PUT", f"/projects/{project}/items", picture(40 * number), **names)
    for place in ("/", f"/p/{project}/build", f"/p/{project}/audit"):
        page.goto(live.url + place)
        page.wait_for_selector("main h1, main h2")
        page.wait_for_timeout(500)
        assert page.title() != "run"
        assert page.locator("img[src='x'], img[onerror], main script").count() == 0
    page.goto(live.url)
    page.get_by_text("<img src=x").first.wait_for()


def test_a_page_of_another_site_learns_nothing(chromium, context, page, live, tmp_path):
    """A page of another origin: it may neither read, nor change, nor show ours in a frame."""
    import http.server
    import threading

    hostile = (
        f"<iframe src='{live.url}/'></iframe><img src='{live.url}/static/icon.svg'>"
        f"<form id=f method=post action='{live.url}/api/projects' enctype='text/plain'><input name='{{\"name\":\"' "
        "value='evil\"}'></form>"
    )

    class Foreign(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(hostile.encode())

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Foreign)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        # Not the watched context: it would rightly complain. The cookie is taken along.
        other = chromium.new_context()
        other.set_default_timeout(PATIENCE)
        other.add_cookies([{**cookie, "sameSite": "Strict"} for cookie in context.cookies()])
        evil = other.new_page()
        evil.goto(f"http://127.0.0.1:{server.server_address[1]}/")
        evil.wait_for_timeout(500)
        read = evil.evaluate(
            f"""async () => {{
                const tries = [["GET", {{}}], ["POST", {{}}], ["POST", {{ "X-Wetread": "1" }}], ["DELETE", {{}}]];
                const found = [];
                for (const [method, headers] of tries) {{
                    for (const mode of ["cors", "no-cors"]) {{
                        try {{
                            const place = "{live.url}/api/" + (method === "GET" ? "start" : "projects");
                            const body = method === "POST" ? '{{"name":"evil"}}' : undefined;
                            const reply = await fetch(place, {{ method, headers, mode, body, credentials: "include" }});
                            found.push((await reply.text()).length);
                        }} catch (error) {{ found.push(0); }}
                    }}
                }}
                return found;
            }}"""
        )
        assert read == [0] * 8
        framed = [frame for frame in evil.frames if frame.url.startswith(live.url)]
        assert not framed or "Projects" not in framed[0].content()
        assert evil.evaluate("document.images[0].naturalWidth") == 0
        evil.evaluate("document.getElementById('f').submit()")
        evil.wait_for_timeout(500)
        other.close()
    finally:
        server.shutdown()
        server.server_close()
    assert not list(live.home.glob("p-*"))
