"""``python -m wetread``."""

from wetread.cli.app import main

main()
