"""wetread: from a folder of medical images to a classifier, and an honest report of what it is worth.

Research and teaching only. Not a medical device.

The map, from the top (images come in) to the bottom (a report goes out); a room imports only what stands above it::

    errors  writing            what can go wrong; the one place that writes files
    archive public_sets progress shapes run_folder outcome request
    metrics                    arithmetic on truth and probability
    images  phantoms           files -> pixels; simulated radiographs
    dataset                    pixels on disk -> one table, by patient, divided into folds
    probes  privacy            what tells a label without looking; who could be told from a file
    checks                     known pitfalls -> findings
    model                      pictures -> probabilities
    training                   plan + table -> classifier, tested in nested folds
    evaluation                 predictions -> numbers with intervals
    explanation                classifier + picture -> heatmap
    report                     run folder -> a page to hand over
    main_job examination       the stages of a run, which wire the rooms; what this installation can do
    steps                      the verbs
    cli                        a thin shell

    >>> import wetread
    >>> run = wetread.run("scans/")            # doctest: +SKIP
    >>> run.headline                           # doctest: +SKIP
    'AUROC 0.86 (95 % interval 0.80 to 0.91), 200 images of 120 patients, cross-validation'
"""

from __future__ import annotations

from wetread.outcome import Run
from wetread.steps import (
    check,
    deidentify,
    demo,
    doctor,
    export,
    get_data,
    list_data,
    load,
    make_data,
    predict,
    run,
    show,
    write_report,
)

__version__ = "0.1.0"

__all__ = [
    "Run",
    "check",
    "deidentify",
    "demo",
    "doctor",
    "export",
    "get_data",
    "list_data",
    "load",
    "make_data",
    "predict",
    "run",
    "show",
    "write_report",
]
