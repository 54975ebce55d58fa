"""The pages of the studio: their logic by node's own test runner, and what no module may do."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from wetread.studio.server import STATIC, TYPES

NODE = shutil.which("node")
MODULES = sorted(STATIC.rglob("*.js"))
TESTS = sorted(Path(__file__).parent.glob("js/*.test.mjs"))
needs_node = pytest.mark.skipif(not NODE, reason="node is not installed")

#: Each would open a way for text to become code, or for a request to leave; the policy of the server forbids most too.
FORBIDDEN = {
    "markup out of text": r"\b(inner|outer)HTML\b|insertAdjacentHTML|document\.write|ContextualFragment|DOMParser",
    "code out of text": r"\beval\s*\(|new\s+Function\b|setTimeout\(\s*[\"'`]|javascript:",
    "an inline style": r"setAttribute\(\s*[\"']style|cssText",
    "another origin": r"https?://(?!www\.w3\.org/)|//cdn|WebSocket|EventSource|sendBeacon|importScripts",
    "a module without a place": r"\bfrom\s+[\"'](?![./])",
    "a token kept by the browser": r"document\.cookie|indexedDB",
    "what was left behind": r"\bdebugger\b|console\.(log|debug)",
}


@needs_node
@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.name)
def test_logic(file):
    done = subprocess.run([NODE, "--test", str(file)], capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^(?:#|ℹ) pass [1-9]", done.stdout, re.MULTILINE), "no test was found in it"


@needs_node
@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_every_module_is_javascript(module):
    with module.open() as text:
        done = subprocess.run(
            [NODE, "--input-type=module", "--check"], stdin=text, capture_output=True, text=True, timeout=400
        )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_no_module_does_what_is_forbidden(module):
    text = module.read_text(encoding="utf-8")
    assert not [name for name, pattern in FORBIDDEN.items() if re.search(pattern, text)]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_what_a_module_imports_is_there_and_exported(module):
    text = module.read_text(encoding="utf-8")
    for names, place in re.findall(r"\bimport\s*\{([^}]*)\}\s*from\s*[\"']([^\"']+)[\"']", text):
        target = (module.parent / place).resolve()
        assert target.is_file() and STATIC in target.parents, place
        exported = target.read_text(encoding="utf-8")
        for name in (part.split(" as ")[0].strip() for part in names.split(",") if part.strip()):
            assert re.search(rf"export (?:async )?(?:const|let|class|function\*?)\s+{re.escape(name)}\b", exported) or (
                re.search(rf"export\s*\{{[^}}]*\b{re.escape(name)}\b", exported)
            ), f"{place} exports no {name}"


def test_the_shell_has_neither_inline_code_nor_inline_styles():
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|https?://", page)
    for place in re.findall(r"(?:src|href)=\"(/static/[^\"]+)\"", page):
        assert (STATIC / place.removeprefix("/static/")).is_file(), place


def test_every_file_has_a_type_and_no_style_sheet_looks_elsewhere():
    for file in (path for path in STATIC.rglob("*") if path.is_file()):
        assert file.suffix in TYPES, file.name
        if file.suffix == ".css":
            assert not re.search(
                r"@import\s+(?![\"']\.)|url\(\s*[\"']?(?!#)|https?:", file.read_text(encoding="utf-8")
            ), file.name


def test_it_stays_small_enough_to_be_read():
    lines = {module.name: module.read_text(encoding="utf-8").count("\n") for module in MODULES}
    # Nine pages without a framework: see "No framework in the browser" in ARCHITECTURE.md before raising it.
    assert sum(lines.values()) < 12000, lines
    assert not {name: count for name, count in lines.items() if count > 400}
