"""timm without the compiler of torch, which it drags in and which takes as long to import as torch itself."""

from __future__ import annotations

import importlib
import sys
import threading
from types import ModuleType
from typing import Any

#: What torchvision, which timm imports, asks of the compiler while it is imported.
_COMPILER = ("torch._dynamo", "torch._dynamo.utils")
_LOADING = threading.Lock()


class _Stand(ModuleType):
    """Stands where the compiler would: whatever is asked of it is a decorator that changes nothing."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *some, **_: some[0] if some and callable(some[0]) else lambda one: one

    @staticmethod
    def is_compile_supported(device: str) -> bool:
        """No: then torchvision takes its plain code."""
        del device
        return False


def load_timm() -> Any:
    """Imports timm; every import of it in wetread is this one.

    Measured: 1.0 instead of 3.5 seconds of processor after torch. The stand-in is taken away again: who wants
    torch.compile later gets the real one. Whoever imported the compiler or timm before us is left alone.

    Returns:
        The module.

    Raises:
        ImportError: It is not installed.
    """
    with _LOADING:
        if "timm" in sys.modules or _COMPILER[0] in sys.modules:
            return importlib.import_module("timm")
        import torch

        before = set(sys.modules)
        sys.modules.update({name: _Stand(name) for name in _COMPILER})
        try:
            return importlib.import_module("timm")
        except Exception:  # a version that wants more of the compiler than decorators: then it gets all of it
            for name in set(sys.modules) - before:
                if name.partition(".")[0] in ("timm", "torchvision"):
                    del sys.modules[name]
        finally:
            for name in _COMPILER:
                if isinstance(sys.modules.get(name), _Stand):
                    del sys.modules[name]
            if isinstance(vars(torch).get("_dynamo"), _Stand):
                del torch._dynamo
        return importlib.import_module("timm")
