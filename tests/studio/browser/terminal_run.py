"""A finished run as somebody made it in the terminal, beside the studio."""

import json
import shutil


def place_run(live, finished_run, data):
    """Copies a run to where the studio was started; its command line says where its data lie. Returns its folder."""
    folder = live.folder / "wetread-runs" / "run"
    shutil.copytree(finished_run.folder, folder)
    facts = json.loads((folder / "run.json").read_text())
    facts["command"] = ["wetread", "run", str(data)]
    (folder / "run.json").write_text(json.dumps(facts))
    return folder
