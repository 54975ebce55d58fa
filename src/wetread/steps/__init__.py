"""The verbs: each wires rooms and fills the run folder. Shells (command line, notebook) call these and nothing else.

Heavy rooms are imported inside the function that needs them, so that `import wetread` and `--help` stay light.
"""

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

__all__ = [
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
