"""Whole files or nothing; one process per folder; and nobody else writes, decodes or unpickles."""

import ast
import errno
import os
import subprocess
import sys
import threading
import zipfile
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import wetread
from wetread.errors import OutputError
from wetread.writing import AppendLog, FolderLock, PartFile, atomic_write, atomic_zip, make_folder, sweep_temporaries

SOURCES = Path(wetread.__file__).parent

# Writing -------------------------------------------------------------------------------------------------------------


def failing(number):
    def fail(*args, **kwargs):
        raise OSError(number, os.strerror(number))

    return fail


def refusal(work, *args):
    with pytest.raises(OutputError) as caught:
        work(*args)
    assert caught.value.remedy
    assert caught.value.exit_code == 2
    return caught.value


def test_a_file_is_written_whole_with_its_folders(tmp_path):
    path = tmp_path / "a" / "ö b" / "c.txt"
    assert atomic_write(path, "Grüße\n") == path
    assert path.read_bytes() == "Grüße\n".encode()
    assert [entry.name for entry in path.parent.iterdir()] == ["c.txt"]


def test_threads_that_write_the_same_file_at_once_each_write_it_whole(tmp_path, monkeypatch):
    both_wrote, synced = threading.Barrier(2), os.fsync

    def meet(handle):
        synced(handle)
        if threading.current_thread().name.startswith("writer"):
            both_wrote.wait(30)

    monkeypatch.setattr("wetread.writing.os.fsync", meet)
    monkeypatch.setattr("wetread.writing._sync_folder", lambda folder: None)
    texts = ["a" * 100_000, "b" * 50_000]
    with ThreadPoolExecutor(2, "writer") as pool:
        assert [done.name for done in pool.map(lambda text: atomic_write(tmp_path / "f", text), texts)] == ["f", "f"]
    assert (tmp_path / "f").read_text() in texts
    assert [entry.name for entry in tmp_path.iterdir()] == ["f"]


@pytest.mark.parametrize("step", ["os.fsync", "Path.replace"])
def test_a_write_that_fails_leaves_the_old_file_and_no_rest(tmp_path, monkeypatch, step):
    path = atomic_write(tmp_path / "a.txt", "old")
    monkeypatch.setattr(f"wetread.writing.{step}", failing(errno.EIO))
    assert "EIO" in refusal(atomic_write, path, "new").message
    monkeypatch.undo()
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.txt"]


def test_a_full_disk_is_noticed_before_anything_is_written(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("wetread.writing.shutil.disk_usage", lambda place: usage(10, 9, 1))
    error = refusal(atomic_write, tmp_path / "a.txt", "new")
    assert error.code == "disk-full"
    assert error.remedy == "Free some space, then repeat the command; a run goes on with --resume."
    assert not list(tmp_path.iterdir())


def test_a_disk_that_fills_up_meanwhile_is_the_same_error(tmp_path, monkeypatch):
    path = atomic_write(tmp_path / "a.txt", "old")
    monkeypatch.setattr("wetread.writing.os.fsync", failing(errno.ENOSPC))
    assert refusal(atomic_write, path, "new").code == "disk-full"
    assert path.read_text() == "old"


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM, errno.EROFS])
def test_a_read_only_place_says_no_permission(tmp_path, monkeypatch, number):
    monkeypatch.setattr("wetread.writing.open", failing(number), raising=False)
    for work in (lambda path: atomic_write(path, ""), AppendLog, FolderLock, PartFile):
        error = refusal(work, tmp_path / "a")
        assert error.code == "not-writable"
        assert "No permission" in error.message
        assert str(tmp_path) in error.message
        assert "--out" in error.remedy


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_write_permission_says_so(tmp_path):
    tmp_path.chmod(0o500)
    try:
        assert "No permission" in refusal(atomic_write, tmp_path / "a.txt", "x").message
    finally:
        tmp_path.chmod(0o700)


def test_a_file_in_the_place_of_a_folder_says_so(tmp_path):
    (tmp_path / "taken").write_text("mine")
    for work in (make_folder, lambda path: atomic_write(path / "a.txt", "x"), lambda path: AppendLog(path / "a")):
        assert "something else is in its place" in refusal(work, tmp_path / "taken").message
    assert (tmp_path / "taken").read_text() == "mine"


def test_a_folder_in_the_place_of_a_file_says_so(tmp_path):
    (tmp_path / "taken").mkdir()
    assert "something else is in its place" in refusal(atomic_write, tmp_path / "taken", "x").message
    assert [entry.name for entry in tmp_path.iterdir()] == ["taken"]


def test_the_longest_name_a_system_allows_can_be_written(tmp_path):
    for letter in ("a", "é", "漢", "🫁"):
        name = letter * (255 // len(letter.encode()))
        assert atomic_write(tmp_path / name, "x").read_text() == "x"


def test_rests_of_a_killed_process_are_swept_and_nothing_else(tmp_path):
    (tmp_path / "deep").mkdir()
    for name in (".a.json.123.tmp", "deep/.b.42.tmp", "mine.tmp", ".hidden", "deep/c.json"):
        (tmp_path / name).write_text("x")
    assert sweep_temporaries(tmp_path) == 2
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == [".hidden", "c.json", "mine.tmp"]


def test_a_log_grows_line_by_line_and_can_be_read_meanwhile(tmp_path):
    path = tmp_path / "new" / "log"
    for line in ("one", "zwölf\n"):
        with AppendLog(path) as log:
            log.append(line)
            assert path.read_text(encoding="utf-8").endswith(line.strip() + "\n")
    assert path.read_text(encoding="utf-8") == "one\nzwölf\n"


def test_a_file_in_pieces_goes_on_after_a_stop_and_bears_its_name_only_when_whole(tmp_path):
    path = tmp_path / "new" / "a.zip"
    with PartFile(path) as arriving:
        arriving.append(b"one ")
    assert (tmp_path / "new" / "a.zip.part").read_bytes() == b"one "
    assert not path.exists()
    with PartFile(path) as arriving:
        assert arriving.size == 4
        arriving.append(b"two")
        arriving.flush()
        assert arriving.part.read_bytes() == b"one two"
        assert arriving.size == 7
        assert arriving.commit() == path
    assert path.read_bytes() == b"one two"
    assert [entry.name for entry in path.parent.iterdir()] == ["a.zip"]


def test_a_file_in_pieces_can_begin_anew_or_be_given_up(tmp_path):
    path = atomic_write(tmp_path / "a.zip", "old")
    with PartFile(path) as arriving:
        arriving.append(b"wrong")
        arriving.restart()
        assert arriving.size == 0
        arriving.append(b"new")
        arriving.commit()
    assert path.read_bytes() == b"new"
    with PartFile(path) as arriving:
        arriving.append(b"half")
        arriving.discard()
    assert path.read_bytes() == b"new"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.zip"]


@pytest.mark.parametrize("step", ["os.fsync", "Path.replace"])
def test_a_file_in_pieces_on_a_disk_that_fills_up_says_so_and_keeps_its_part(tmp_path, monkeypatch, step):
    with PartFile(tmp_path / "a.zip") as arriving:
        arriving.append(b"all")
        monkeypatch.setattr(f"wetread.writing.{step}", failing(errno.ENOSPC))
        assert refusal(arriving.commit).code == "disk-full"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.zip.part"]


def test_a_zip_file_appears_when_it_is_whole(tmp_path):
    path = tmp_path / "new" / "a.zip"
    with atomic_zip(path) as packed:
        for number in range(3):
            packed.writestr(f"{number}.txt", "x" * number)
        assert not path.exists()
    with zipfile.ZipFile(path) as packed:
        assert [packed.read(name) for name in packed.namelist()] == [b"", b"x", b"xx"]
    assert [entry.name for entry in path.parent.iterdir()] == ["a.zip"]


def test_a_zip_file_that_fails_leaves_the_old_one_and_no_rest(tmp_path, monkeypatch):
    path = atomic_write(tmp_path / "a.zip", "old")
    with pytest.raises(KeyboardInterrupt), atomic_zip(path) as packed:
        packed.writestr("a", "new")
        raise KeyboardInterrupt
    monkeypatch.setattr("wetread.writing.os.fsync", failing(errno.ENOSPC))

    def write():
        with atomic_zip(path) as packed:
            packed.writestr("a", "new")

    assert refusal(write).code == "disk-full"
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.zip"]


TRY_LOCK = """
import sys
from pathlib import Path
from wetread.errors import OutputError
from wetread.writing import FolderLock
try:
    FolderLock(Path(sys.argv[1]))
except OutputError as error:
    print(error.code, error.remedy)
"""


@pytest.mark.skipif(os.name != "posix", reason="locks are POSIX locks")
def test_a_locked_folder_refuses_a_second_process_until_it_is_free(tmp_path):
    def second():
        command = [sys.executable, "-c", TRY_LOCK, str(tmp_path / "lock")]
        return subprocess.run(command, capture_output=True, text=True, timeout=400, check=True).stdout

    lock = FolderLock(tmp_path / "lock")
    assert second().startswith("run-busy Wait for it to end")
    lock.release()
    lock.release()
    assert second() == ""


@pytest.mark.skipif(os.name != "posix", reason="locks are POSIX locks")
@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EACCES, errno.EAGAIN])
def test_only_a_lock_that_another_one_has_keeps_out_and_not_a_file_system_without_locks(tmp_path, monkeypatch, number):
    monkeypatch.setattr("fcntl.lockf", failing(number))
    if number in (errno.EACCES, errno.EAGAIN):
        assert refusal(FolderLock, tmp_path / "lock").code == "run-busy"
    else:
        FolderLock(tmp_path / "lock").release()


# The choke points, read from the sources ------------------------------------------------------------------------------


def calls_of(tree):
    """Every call, with its name as written: ``os.open``, ``handle.read``, ``open``; "" for what has no name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            parts, function = [], node.func
            while isinstance(function, ast.Attribute):
                parts.insert(0, function.attr)
                function = function.value
            name = ".".join([function.id if isinstance(function, ast.Name) else "", *parts])
            yield name, node


def words_in(node):
    """Every name, attribute and text inside a node."""
    for inner in ast.walk(node):
        yield from (getattr(inner, key) for key in ("id", "attr", "value") if isinstance(getattr(inner, key, 0), str))


def opens_for_writing(name, call):
    last = name.rsplit(".", 1)[-1]
    arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
    if name == "os.open":
        # The null device swallows what a decoder prints; no file is opened.
        flags = {"O_WRONLY", "O_RDWR", "O_CREAT", "O_APPEND", "O_TRUNC"}
        return bool(flags & set(words_in(call))) and "devnull" not in set(words_in(call))
    if last == "open":
        modes = [one.value for one in arguments if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        return any(set(mode) <= set("rwaxbt+") and set(mode) & set("wax+") for mode in modes)
    if last in ("write_text", "write_bytes"):
        # Those of a run folder take a name and a content, and go through atomic_write; those of Path take a content.
        return len(arguments) < 2
    if last == "ZipFile":
        return len(arguments) > 1
    if "." in name and last in ("save", "save_as"):
        # Into memory, or a classifier, whose own file is looked at as well.
        return not {"buffer", "classifier", "with_facts"} & set(words_in(call))
    return last in WRITERS


WRITERS = {
    "NamedTemporaryFile", "TemporaryFile", "SpooledTemporaryFile", "mkstemp", "FileIO", "savefig", "savez",
    "savez_compressed", "savetxt", "tofile", "memmap", "copy2", "copyfile", "copytree", "copyfileobj", "make_archive",
    "save_file", "dcmwrite", "imwrite", "imsave", "truncate", "touch", "mmap", "FileHandler",
}  # fmt: skip
DECODERS = {"Image.open", "np.load", "np.fromfile"}
UNSAFE_CALLS = {"torch.load", "yaml.load", "yaml.unsafe_load", "eval", "exec", "os.system"}
UNSAFE_NAMES = {"extractall", "unpack_archive", "load_module"}
UNSAFE_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "gdcm"}


def reads_only_tensors(call):
    """With ``weights_only=True`` written out, `torch.load` makes tensors and plain containers."""
    return any(
        word.arg == "weights_only" and isinstance(word.value, ast.Constant) and word.value.value is True
        for word in call.keywords
    )


def offences(text, where):
    """What a source file does that its place does not allow."""
    tree, found = ast.parse(text), []
    a_lesson = where.startswith("lessons/texts/")  # a student's own script: it is run, and never imported
    for name, call in calls_of(tree):
        last = name.rsplit(".", 1)[-1]
        if not a_lesson and where != "writing.py" and opens_for_writing(name, call):
            found.append(f"writes: {name}")
        decodes = name in DECODERS or last in ("dcmread", "imread", "decode_image")
        if not a_lesson and not where.startswith("images/") and decodes:
            found.append(f"decodes: {name}")
        if name == "torch.load" and where == "weights/read.py" and reads_only_tensors(call):
            continue
        if name in UNSAFE_CALLS or last in UNSAFE_NAMES or any(word.arg == "allow_pickle" for word in call.keywords):
            found.append(f"unsafe: {name}")
    for node in ast.walk(tree):
        modules = [one.name for one in node.names] if isinstance(node, ast.Import) else []
        modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        found += [f"unsafe: import {name}" for name in modules if name.split(".")[0] in UNSAFE_MODULES]
    return found


@pytest.mark.parametrize("path", sorted(SOURCES.rglob("*.py")), ids=lambda path: path.relative_to(SOURCES).as_posix())
def test_only_writing_writes_only_images_decodes_and_nothing_is_unpickled(path):
    assert offences(path.read_text(encoding="utf-8"), path.relative_to(SOURCES).as_posix()) == []


@pytest.mark.parametrize(
    "line",
    [
        "open(p, 'wb')",
        "open(p, mode='a')",
        "p.open('w', encoding='utf-8')",
        "io.open(p, 'r+')",
        "os.open(p, os.O_WRONLY | os.O_CREAT)",
        "p.write_text('x')",
        "(a / 'b').write_bytes(content)",
        "zipfile.ZipFile(p, 'w')",
        "figure.savefig(p)",
        "image.save(p)",
        "safetensors.numpy.save_file(t, p)",
        "tempfile.NamedTemporaryFile()",
        "Image.open(p)",
        "pydicom.dcmread(p)",
        "np.load(p)",
        "import pickle",
        "from joblib import dump",
        "torch.load(p, weights_only=True)",
        "packed.extractall(p)",
        "np.frombuffer(p, allow_pickle=True)",
        "yaml.load(text)",
    ],
)
def test_the_rule_sees(line):
    assert len(offences(line, "steps.py")) == 1


@pytest.mark.parametrize(
    "line",
    [
        "open(p)",
        "open(p, 'rb')",
        "RunFolder.open(p)",
        "folder.write_text('a.txt', x)",
        "image.save(buffer, 'PNG')",
        "os.open(os.devnull, os.O_RDWR)",
    ],
)
def test_the_rule_lets_pass(line):
    assert offences(line, "steps.py") == []


def test_torch_files_are_read_in_one_place_and_only_with_weights_only():
    assert offences("torch.load(p, weights_only=True)", "weights/read.py") == []
    for line in ("torch.load(p)", "torch.load(p, weights_only=False)", "torch.load(p, weights_only=chosen)"):
        assert offences(line, "weights/read.py") == ["unsafe: torch.load"]
    assert offences("torch.load(p, weights_only=True)", "model/network.py") == ["unsafe: torch.load"]
