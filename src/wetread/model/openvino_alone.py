"""OpenVINO without its telemetry: the package reports its own import to a server unless told not to."""

from __future__ import annotations

import sys
from typing import Any


def load_openvino() -> Any:
    """Imports openvino so that it can reach nobody; every import of it in wetread is this one.

    ``openvino.tools.ovc`` sends an event at import, through the package openvino_telemetry, to whoever has not opted
    out. A module that is None in `sys.modules` cannot be imported, and OpenVINO then takes its own empty stand-in.
    Whoever imported the package before us decided so, and is left alone.

    Returns:
        The module.

    Raises:
        ImportError: It is not installed.
    """
    if "openvino" not in sys.modules:
        sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino
