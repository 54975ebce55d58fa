"""Files to drop onto the studio, and how a browser drops them."""

import io
import zipfile
from urllib.parse import quote

import numpy as np
from PIL import Image


def picture_bytes(number, kind="PNG", side=40):
    """A picture that no other number has, 40 rows and 48 columns."""
    buffer = io.BytesIO()
    pixels = np.random.default_rng(number).integers(0, 255, (side, side + 8), dtype=np.uint8)
    Image.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


def zip_bytes(members, **options):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", **options) as packed:
        for name, data in members.items():
            packed.writestr(name, data)
    return buffer.getvalue()


class Dropped:
    """A new project, and a hand that drops files on it."""

    def __init__(self, client):
        self.client = client
        self.id = client.post("/api/projects", json={"name": "Test"}).json()["id"]
        self.base = f"/api/projects/{self.id}"
        self.project = client.studio.project(self.id)
        self.folder = self.project.folder

    def put(self, data, name="a.png", label="", status=200):
        headers = {"X-Name": quote(name, safe=""), "X-Class": quote(label, safe="")}
        answer = self.client.put(f"{self.base}/items", content=data, headers=headers)
        assert answer.status_code == status, answer.text
        return answer.json()

    def put_archive(self, data, name="a.zip", label=""):
        """Drops an archive and waits; returns the end of its task."""
        received = self.put(data, name, label)
        assert received["status"] == "archive", received
        self.project.tasks.wait(600)
        return self.client.get(f"{self.base}/tasks/{received['task']}").json()

    def change(self, status=200, **wish):
        answer = self.client.post(f"{self.base}/changes", json=wish)
        assert answer.status_code == status, answer.text
        return answer.json()

    @property
    def summary(self):
        return self.client.get(self.base).json()

    @property
    def counts(self):
        return {one["name"]: one["count"] for one in self.summary["classes"]}

    @property
    def items(self):
        return self.client.get(f"{self.base}/items?limit=1000").json()["items"]

    @property
    def by_name(self):
        return {one["name"]: one for one in self.items}
