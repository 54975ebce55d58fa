"""Small labs share their phantoms; runs in them leave out what most labs do not look at."""

import shutil

import pytest

from wetread import steps


@pytest.fixture(scope="session")
def phantom_store(tmp_path_factory):
    return tmp_path_factory.mktemp("phantoms"), {}


@pytest.fixture
def shared_phantoms(phantom_store, monkeypatch):
    """Each set is rendered once in a session and copied afterwards."""
    root, made = phantom_store
    render = steps.make_data

    def copy(name, folder, *, images, seed, knobs, listen):
        key = (name, images, seed, tuple(sorted(knobs.items())))
        if key not in made:
            made[key] = render(name, root / str(len(made)), images=images, seed=seed, knobs=knobs, listen=listen)
        shutil.copytree(made[key], folder)
        return folder

    monkeypatch.setattr(steps, "make_data", copy)


@pytest.fixture
def plain_runs(monkeypatch, request):
    """Runs without their slowest steps: no refusal is fitted, and one probe instead of eight looks at the data.

    No paper is written, and labels are examined only in the lab that is about wrong ones.
    """
    import wetread.probes.run_probes as room

    ordinary = room.run_probes
    if "label-noise" not in request.node.name:
        monkeypatch.setattr("wetread.checks.label_errors.examine_labels", lambda *_, **__: None)
    monkeypatch.setattr("wetread.paper.kit.write_paper", lambda *_: None)
    monkeypatch.setattr("wetread.main_job.refusing.fit_refusal", lambda *_: None)
    monkeypatch.setattr(room, "run_probes", lambda *given, **more: ordinary(*given, **more, probes=room.PROBES[:1]))
