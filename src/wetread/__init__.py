"""wetread: from a folder of medical images to a classifier, and an honest report of what it is worth.

Research and teaching only. Not a medical device.

The map, from the top (images come in) to the bottom (a report goes out); a room imports only what stands above it::

    errors  writing            what can go wrong; the one place that writes files
    progress shapes hardware   events; words for arrays; what this machine has
    run_folder outcome         what a run leaves behind, and what the verbs give back
    archive download           zip files, read in place; one file from one server, checked
    public_sets weights        sets and pretrained weights: what is known of them, fetched only when asked
    request                    what the user asked for
    metrics                    arithmetic on truth and probability
    images  phantoms           files -> pixels; simulated radiographs and CT
    dataset                    pixels on disk -> one table, by patient, divided into folds
    probes  privacy            what tells a label without looking; who could be told from a file
    checks                     known pitfalls -> findings
    model                      pictures -> probabilities: features, frozen backbones, networks
    training                   fingerprint -> plan; plan + table -> classifier, tested in nested folds
    evaluation                 predictions -> numbers with intervals
    explanation                classifier + picture -> heatmap
    readers  learning_curve    people beside the model; how many more cases?
    insight                    what classes, channels and filters want to see; all pictures as points
    paper                      run folder -> methods, flow, tables, checklists
    report                     run folder -> a page to hand over
    main_job/                  the stages of a run, which wire the rooms: intake, preparation, fitting, numbers, pages
    examination                what this installation can do
    steps                      the verbs
    labs  lessons              experiments to run and compare; the course
    studio                     the same work in the browser; a server on this machine only
    cli                        a thin shell

    >>> import wetread
    >>> run = wetread.run("scans/")            # doctest: +SKIP
    >>> run.headline                           # doctest: +SKIP
    'AUROC 0.86 (95 % interval 0.80 to 0.91), 200 images of 120 patients, cross-validation'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wetread.outcome import Run
    from wetread.steps.compare import compare
    from wetread.steps.data import deidentify, get_data, list_data, make_data
    from wetread.steps.explain import explain
    from wetread.steps.external import evaluate
    from wetread.steps.installation import doctor
    from wetread.steps.learning_curve import draw_learning_curve
    from wetread.steps.look import export, show
    from wetread.steps.look_inside import look_inside
    from wetread.steps.main import check, demo, run, write_report
    from wetread.steps.paper import write_paper
    from wetread.steps.readers import compare_readers
    from wetread.steps.use import load, predict
    from wetread.steps.weights import get_weights, import_weights, list_weights

__version__ = "0.1.0"

__all__ = [
    "Run",
    "check",
    "compare",
    "compare_readers",
    "deidentify",
    "demo",
    "doctor",
    "draw_learning_curve",
    "evaluate",
    "explain",
    "export",
    "get_data",
    "get_weights",
    "import_weights",
    "list_data",
    "list_weights",
    "load",
    "look_inside",
    "make_data",
    "predict",
    "run",
    "show",
    "write_paper",
    "write_report",
]


def __getattr__(name: str) -> Any:
    """Loads the verbs when the first of them is asked for (PEP 562): `wetread --help` needs none."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    room = import_module("wetread.outcome" if name == "Run" else "wetread.steps")
    return getattr(room, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
