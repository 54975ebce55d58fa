"""The protocol of the Hugging Face hub, as far as weights need it; any server that speaks it can be named instead.

A file is at ``{endpoint}/{repository}/resolve/{revision}/{file}``. Asked with HEAD, the hub says of a large file in
``X-Linked-ETag`` its SHA-256, in ``X-Linked-Size`` its size, in ``X-Repo-Commit`` the commit that the revision stands
for, and redirects to where the bytes are (docs of huggingface_hub, "Downloading files"; environment variables, same
place). A repository behind terms answers 401 or 403 until they were accepted with an account.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from wetread.download.patience import PATIENCE, Patience
from wetread.errors import InputError

#: The variables that Hugging Face's own programs read: the server, a person's token, and not to use the internet.
ENDPOINT_VARIABLE, TOKEN_VARIABLE, OFFLINE_VARIABLE = "HF_ENDPOINT", "HF_TOKEN", "HF_HUB_OFFLINE"
DEFAULT_ENDPOINT = "https://huggingface.co"
_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class HubFile:
    """A file of a repository, as the hub describes it.

    Attributes:
        repository: ``owner/name``.
        name: Of the file.
        url: Where it is; of one commit, where the hub says which, so that it cannot change between two attempts.
        commit: Empty where the hub does not say.
        size: Bytes; None where the hub does not say.
        sha256: Hexadecimal; None where the hub does not say.
    """

    repository: str
    name: str
    url: str
    commit: str
    size: int | None
    sha256: str | None


def endpoint() -> str:
    """The server: ``HF_ENDPOINT``, or the hub itself; without name and password, for it is shown and stored.

    Raises:
        InputError: That variable holds no web address.
    """
    return without_password(_endpoint())


def _endpoint() -> str:
    chosen = os.environ.get(ENDPOINT_VARIABLE, "").strip().rstrip("/") or DEFAULT_ENDPOINT
    # Imported here: `wetread weights list` needs no network code.
    import httpx

    try:
        looks_right = re.fullmatch(r"https?://([^\s/?#]*@)?[^\s/?#@]+(/[^\s?#]*)?", chosen)
        sound = looks_right and httpx.URL(chosen).host and urlsplit(chosen).port != 0
    except (httpx.InvalidURL, ValueError):  # a port in letters, a bracket that is not closed
        sound = False
    if not sound:
        raise InputError(
            f"{ENDPOINT_VARIABLE} is no web address.",
            remedy=f"Set it to one such as {DEFAULT_ENDPOINT}, or remove it.",
            code="endpoint",
        )
    return chosen


def without_password(text: str) -> str:
    """A text whose addresses have neither name nor password in them."""
    return re.sub(r"(https?://)[^\s/?#]*@", r"\1", text)


def page(repository: str) -> str:
    """Where a person reads about a repository."""
    return f"{endpoint()}/{repository}"


def file_url(repository: str, name: str, revision: str = "main") -> str:
    """The address of a file."""
    return f"{endpoint()}/{repository}/resolve/{revision}/{name}"


def credentials() -> dict[str, str]:
    """The header that says who asks: name and password of ``HF_ENDPOINT``, else ``HF_TOKEN``; sent to the hub only."""
    asked = urlsplit(_endpoint())
    if asked.username or asked.password:
        pair = f"{unquote(asked.username or '')}:{unquote(asked.password or '')}"
        return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    token = os.environ.get(TOKEN_VARIABLE, "").strip()
    return {"Authorization": f"Bearer {token}"} if re.fullmatch(r"[\x21-\x7e]+", token) else {}


def is_repository(name: str) -> bool:
    """Whether a name is of the form ``owner/name``."""
    return _REPOSITORY.fullmatch(name) is not None


def find_file(repository: str, names: tuple[str, ...], patience: Patience = PATIENCE) -> HubFile | None:
    """Looks for the first of some files in a repository.

    Args:
        repository: ``owner/name``.
        names: In order of preference.
        patience: With the server.

    Returns:
        The file; None where the repository has none of them, or where there is no such repository.

    Raises:
        InputError: ``offline``, ``gated`` (terms to accept), ``token`` (not accepted), ``unreachable``, ``refused``.
    """
    from wetread.download.look import look

    _require_online()
    for name in names:
        answer = look(file_url(repository, name), headers=credentials(), patience=patience)
        if answer.status == 404 or answer.headers.get("x-error-code") == "RepoNotFound":
            # The hub says 401 for a repository that does not exist, too, so as not to tell private ones.
            continue
        if answer.status >= 400:
            raise _refused(repository, answer.status, answer.headers)
        commit = answer.headers.get("x-repo-commit", "")
        commit = commit if _COMMIT.fullmatch(commit) else ""
        tag = (answer.headers.get("x-linked-etag") or answer.headers.get("etag", "")).strip('W/"')
        size = answer.headers.get("x-linked-size") or (
            answer.headers.get("content-length", "") if answer.status == 200 else ""
        )
        # A number of thousands of digits is one that Python will not read, and none of a file.
        known = size.isdecimal() and len(size) < 19
        return HubFile(
            repository,
            name,
            file_url(repository, name, commit or "main"),
            commit,
            int(size) or None if known else None,
            tag if _SHA256.fullmatch(tag) else None,
        )
    return None


def read_beside(file: HubFile, name: str, patience: Patience = PATIENCE) -> bytes | None:
    """Reads a small file of the same commit, such as ``config.json``; None where there is none."""
    from wetread.download.look import read_small

    return read_small(file_url(file.repository, name, file.commit or "main"), headers=credentials(), patience=patience)


def _require_online() -> None:
    if os.environ.get(OFFLINE_VARIABLE, "").strip().upper() in ("1", "ON", "YES", "TRUE"):
        raise InputError(f"{OFFLINE_VARIABLE} forbids the internet here.", remedy="", code="offline")


def _refused(repository: str, status: int, headers: Mapping[str, str]) -> InputError:
    there, sent = page(repository), credentials()
    host = urlsplit(there).hostname
    if status == 401 and sent and "invalid credentials" in headers.get("x-error-message", "").lower():
        # The hub says so of public repositories as well.
        is_token = sent["Authorization"].startswith("Bearer")
        what, variable = ("token", TOKEN_VARIABLE) if is_token else ("password", ENDPOINT_VARIABLE)
        return InputError(
            f"{host} does not accept the {what} in {variable}.",
            remedy=f"Renew or remove it: weights that are open to everybody need no {what}.",
            code="token",
        )
    accept = f"with an account there, set {TOKEN_VARIABLE} to a token of that account, and repeat the command."
    # Only the hub itself speaks of terms; a firewall that shows a page of its own answers 403 as well.
    if status in (401, 403) and headers.get("x-error-code") == "GatedRepo":
        return InputError(
            f"{repository} is given out only to those who accepted its terms.",
            remedy=f"Read and accept them at {there} {accept}",
            code="gated",
        )
    if status == 401:
        whom = "this account" if sent else "everybody"
        return InputError(
            f"The hub shows no repository {repository} to {whom}: there is none, or its terms must be accepted.",
            remedy=f"Look at {there}; where it asks you to accept terms, do so {accept}",
            code="gated",
        )
    return InputError(
        f"{host} refused {repository} (answer {status}).",
        remedy="A firewall or proxy may block it: ask your IT department." if status == 403 else "Try again later.",
        code="refused",
    )
