"""
Import parts of kubernetes_asyncio without importing all of it.

Its packages import 768 model modules as soon as any part is touched: half a second and 70 MB that nobody here uses.
This module registers the packages empty, so that only the asked-for module and what it really needs is executed.
Every import of kubernetes_asyncio in this project goes through `load`; nothing is imported before its first call.
"""

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

LIBRARY = "kubernetes_asyncio"


def load(module: str) -> ModuleType:
    """
    Import `kubernetes_asyncio.<module>`.

    Whoever imported the full library before keeps it: then nothing is registered and the import is an ordinary one.
    """
    if LIBRARY not in sys.modules:
        _register_empty_packages()
    return importlib.import_module(f"{LIBRARY}.{module}")


def _register_empty_packages() -> None:
    spec = importlib.util.find_spec(LIBRARY)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"{LIBRARY} is not installed; run: pip install kubernetes-asyncio", name=LIBRARY)
    root = Path(spec.origin).parent
    for package in ("", "client", "client.models", "config"):
        name = f"{LIBRARY}.{package}".rstrip(".")
        module = ModuleType(name)
        module.__path__ = [str(root.joinpath(*package.split(".")))]
        sys.modules[name] = module
    # The configuration loaders say `from kubernetes_asyncio.client import ApiClient, Configuration`. They construct
    # only the latter; ApiClient would drag in the models.
    client = sys.modules[f"{LIBRARY}.client"]
    client.Configuration = importlib.import_module(f"{LIBRARY}.client.configuration").Configuration  # type: ignore[attr-defined] # a module made by hand
    client.ApiClient = None  # type: ignore[attr-defined] # a module made by hand
