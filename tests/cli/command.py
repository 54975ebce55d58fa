"""The command line as a person meets it: what was typed -> exit code, standard output, standard error."""

import contextlib
import io
import json
import signal
import sys
from dataclasses import dataclass

from wetread.cli.app import main


@dataclass(frozen=True)
class Ending:
    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)

    def message(self, code=2):
        """The one message for a person; fails where there is none, several, or a traceback."""
        assert self.code == code, self
        assert "Traceback" not in self.out + self.err
        said = [line for line in self.err.splitlines() if line.startswith("wetread: ")]
        assert len(said) == 1, self
        return said[0]


def call(*arguments):
    """Calls `main` in this process."""
    out, err, before, handler = io.StringIO(), io.StringIO(), sys.argv, signal.getsignal(signal.SIGTERM)
    sys.argv = ["wetread", *map(str, arguments)]
    code = None
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
    except SystemExit as ending:
        code = ending.code
    finally:
        sys.argv = before
        signal.signal(signal.SIGTERM, handler)
    return Ending(code, out.getvalue(), err.getvalue())


def dry_run(data, out, *more):
    """Reads, checks and plans; trains nothing and needs no torch."""
    return call("run", data, "--out", out, "--dry-run", "--device", "cpu", "--quiet", *more)
