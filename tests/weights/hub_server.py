"""A server that speaks the protocol of the hub: HEAD says hash, size and commit, and bytes lie on another server."""

import hashlib

from download.server import Publisher, redirect, refuse

COMMIT = "c0ffee" * 6 + "c0ff"


class Hub(Publisher):
    def __init__(self):
        super().__init__()
        self.cdn = Publisher()

    def publish(self, repository, name, body, sha256=None, size=None, acts=()):
        """A large file: HEAD describes it, GET redirects to the other server."""
        described = {
            "X_Linked_ETag": f'"{sha256 or hashlib.sha256(body).hexdigest()}"',
            "X_Linked_Size": str(len(body) if size is None else size),
            "X_Repo_Commit": COMMIT,
            "ETag": '"of-the-pointer"',
        }
        there = self.cdn.serve(f"/blobs/{repository}/{name}", body, acts=list(acts))
        self.head(f"/{repository}/resolve/main/{name}", refuse(302, Location=there, **described))
        for revision in ("main", COMMIT):
            self.serve(f"/{repository}/resolve/{revision}/{name}", acts=[redirect(there) for _ in range(20)])

    def add_small(self, repository, name, body):
        """A small file, which the hub sends itself."""
        for revision in ("main", COMMIT):
            self.serve(f"/{repository}/resolve/{revision}/{name}", body, headers={"ETag": '"small"'})

    def say(self, repository, name, status, **headers):
        """What HEAD answers instead."""
        self.head(f"/{repository}/resolve/main/{name}", refuse(status, **headers))

    def blob(self, repository, name):
        return self.cdn.files[f"/blobs/{repository}/{name}"]

    def close(self):
        self.cdn.close()
        super().close()
