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
    report                     run folder -> a page to hand over
    main_job/                  the stages of a run, which wire the rooms: intake, preparation, fitting, numbers, pages
    examination                what this installation can do
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
    get_weights,
    import_weights,
    list_data,
    list_weights,
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
    "get_weights",
    "import_weights",
    "list_data",
    "list_weights",
    "load",
    "make_data",
    "predict",
    "run",
    "show",
    "write_report",
]
