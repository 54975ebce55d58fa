"""trust.json from the files of a run folder: its command, and the tests elsewhere that lie below it."""

import json

from wetread.main_job.trust_gate import write_trust
from wetread.run_folder import FINISHED, RunFolder


def area(value):
    return {"value": value, "low": value - 0.04, "high": value + 0.04, "method": "DeLong, logit scale", "n": 200}


NUMBERS = {
    "task": "binary",
    "estimate": "cross-validation",
    "n": {"images": 300, "patients": 240, "patients_per_class": {"a": 120, "b": 120}},
    "headline": area(0.9),
    "models": {},
    "calibration": {},
    "gate": "green",
}


def test_the_command_of_the_run_and_the_checks_of_its_tests_count(tmp_path):
    folder = RunFolder.create(tmp_path / "run")
    folder.write_status(FINISHED, command=["wetread", "run", "my data", "--seed", "3"])
    folder.write_json("numbers.json", NUMBERS)
    folder.write_json("findings.json", [])
    for name, gate in (("near", "green"), ("far", "red")):
        (folder.path / "external" / name).mkdir(parents=True)
        stored = NUMBERS | {"estimate": "external test", "gate": gate}
        (folder.path / "external" / name / "numbers.json").write_text(json.dumps(stored))
    (folder.path / "external" / "half").mkdir()
    (folder.path / "external" / "half" / "numbers.json").write_text("{")
    lights = {one["name"]: one for one in write_trust(folder)}
    folder.close()
    assert lights["explanations"]["improve"] == "wetread run 'my data' --seed 3 --out run-standard --preset standard"
    assert lights["shortcut"]["improve"] == "wetread check 'my data' --seed 3"
    assert lights["elsewhere"]["light"] == "amber"
    assert "The checks of far ended red" in lights["elsewhere"]["evidence"]
    assert "near: AUROC 0.90" in lights["elsewhere"]["evidence"]
