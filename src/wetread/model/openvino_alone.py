"""OpenVINO without its telemetry: the package reports its own import to a server unless told not to."""

from __future__ import annotations

import importlib
import sys
from typing import Any

_CONVERTER = "openvino.tools.ovc"


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
        # Half of the import is the converter of other formats, which wetread does not use: it is left for those who do.
        sys.modules.setdefault(_CONVERTER, None)  # type: ignore[arg-type]
        try:
            import openvino
        finally:
            if sys.modules[_CONVERTER] is None:
                del sys.modules[_CONVERTER]
        if not hasattr(openvino, "convert_model"):
            openvino.convert_model = _convert_model
    import openvino

    return openvino


def _convert_model(*args: Any, **kwargs: Any) -> Any:
    """openvino.convert_model, imported when it is called."""
    return importlib.import_module(_CONVERTER).convert_model(*args, **kwargs)
