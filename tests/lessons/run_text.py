"""Runs one lesson as a script: its path is the only argument. Warnings that the lesson or wetread causes are errors."""

import runpy
import sys
import warnings

warnings.filterwarnings("error", module=r"__main__|wetread(\..*)?")
# Of figures that stay open, since nobody looks at them here.
warnings.filterwarnings("ignore", message="More than 20 figures|FigureCanvasAgg is non-interactive")
runpy.run_path(sys.argv[1], run_name="__main__")
