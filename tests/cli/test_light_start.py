"""`import wetread` and `wetread --help` are light: no heavy package, hardly any time."""

import resource
import subprocess
import sys

import pytest

HEAVY = ("torch", "timm", "sklearn", "pandas", "scipy", "skimage", "pydicom", "PIL")

LOOK = f"import sys; print(' '.join(name for name in {HEAVY!r} if name in sys.modules))"

STARTS = {
    "import": "import wetread",
    "help": "import sys; sys.argv = ['wetread', '--help']\nfrom wetread.cli.app import main\ntry: main()\n"
    "except SystemExit as ending: assert ending.code == 0",
}


def start(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=400, check=True).stdout


def seconds(code):
    """CPU seconds of a child, the best of five: the caches are cold the first time, and the machine is shared."""
    spent = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start(code)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(spent)


@pytest.mark.parametrize("code", STARTS.values(), ids=STARTS)
def test_no_heavy_package_is_loaded(code):
    assert start(f"{code}\n{LOOK}").splitlines()[-1] == ""


@pytest.mark.parametrize("code", STARTS.values(), ids=STARTS)
def test_the_start_costs_less_than_a_third_of_a_second(code):
    # A slow machine starts Python itself slowly, too; torch alone costs a hundred bare starts, and this about ten.
    assert seconds(code) < max(0.3, 30 * seconds("pass"))


def test_the_look_sees_what_is_loaded():
    assert start(f"import scipy\n{LOOK}").split() == ["scipy"]
