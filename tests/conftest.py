"""What several rooms share: a small phantom set, a run on it, and where the real images are."""

import os
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

if "PYTEST_XDIST_WORKER" in os.environ:
    # Before torch is loaded, and for every process that a test starts: as many tests at once as there are cores, so a
    # second thread of each would only wait for the others (a third more processor, half as much time again).
    os.environ.setdefault("OMP_NUM_THREADS", "1")

from wetread.phantoms.dataset import make_chest_effusion

# The same examples each time and no clock, so that what fails has failed because of a change.
# `--hypothesis-profile=search` draws others in every run.
for _name, _same in (("same", True), ("search", False)):
    settings.register_profile(
        _name, derandomize=_same, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
    )
settings.load_profile("same")

#: Short training: these tests ask whether things fit together, not how well a network learns.
SHORT_PLAN = "epochs: 2\nrepeats: 1\nresamples: 200\ncases: 4\n"


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    """Tests neither use nor fill the cache and the weights of whoever runs them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WETREAD_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("WETREAD_WEIGHTS", str(tmp_path_factory.mktemp("weights")))
        yield


@pytest.fixture(scope="session", autouse=True)
def hears_ctrl_c():
    """Who runs the tests in the background (`make test &`) has a shell that lets all children ignore Ctrl-C."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def chest_set(tmp_path_factory):
    """60 small phantoms of 40 patients: labels.csv, images/*.dcm, masks/*.png."""
    folder = tmp_path_factory.mktemp("chest")
    make_chest_effusion(folder, images=60, patients=40, seed=7, size=96)
    return folder


@pytest.fixture(scope="session")
def short_plan(tmp_path_factory):
    path = tmp_path_factory.mktemp("plan") / "plan.yaml"
    path.write_text(SHORT_PLAN)
    return path


@pytest.fixture(scope="session")
def finished_run(chest_set, short_plan, tmp_path_factory):
    """The main job, once, with short training."""
    import wetread

    out = tmp_path_factory.mktemp("runs") / "run"
    return wetread.run(chest_set, out=out, plan=short_plan, device="cpu")


@pytest.fixture(scope="session")
def real_data():
    """Folder of the public images, or a skip that says why."""
    place = os.environ.get("WETREAD_REAL_DATA")
    if not place or not Path(place).is_dir():
        pytest.skip("WETREAD_REAL_DATA does not point to the public images")
    return Path(place)
