"""
Import the function's file and find the handler in it.

The file is loaded by its path, as its name need not be an identifier (`pubsub-python`), and must not hide a module
of the standard library that has the same name.
"""

from __future__ import annotations

import inspect
import os
import sys
from importlib.util import module_from_spec, spec_from_file_location
from typing import NamedTuple

from . import console, tracebacks
from .paths import is_standard_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

    from .settings import Settings


class LoadError(Exception):
    """The function cannot be loaded; the message says why in one line."""


class Function(NamedTuple):
    """The handler and how it wants to be called."""

    call: Callable[..., Any]
    name: str
    parameters: int
    """How many of (event, context) it takes: 0, 1 or 2."""
    is_async: bool


def load(settings: Settings) -> Function:
    """
    Import the module and return its handler.

    Raises:
        LoadError: no such file, no such handler, or the module's own code failed (the traceback is its cause).
    """
    module = _import(settings.module, os.path.join(settings.volume, settings.module + ".py"), settings.handler)
    handler = _find(module, settings)
    return describe(handler)


def describe(handler: Callable[..., Any]) -> Function:
    """How to call `handler`: with as many positional arguments as it accepts."""
    name = getattr(handler, "__name__", type(handler).__name__)
    is_async = inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(type(handler).__call__)
    return Function(handler, name, _parameters(handler), is_async)


def _import(name: str, path: str, handler: str) -> ModuleType:
    label = "function %s.%s cannot be loaded" % (name, handler)
    if not os.path.isfile(path):
        raise LoadError("%s: there is no file %s%s" % (label, path, _files(os.path.dirname(path))))
    spec = spec_from_file_location(_module_name(name), path)
    if spec is None or spec.loader is None:
        raise LoadError("%s: %s is no Python file" % (label, path))
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException as error:  # also sys.exit() while it is imported
        raise LoadError("%s: %s" % (label, tracebacks.describe(error))) from error
    return module


def _module_name(name: str) -> str:
    """The file's name, unless a module of that name is already imported or belongs to the standard library."""
    return "_function_" + name if name in sys.modules or is_standard_module(name) else name


def _files(folder: str) -> str:
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(".py"))
    except OSError as error:
        return " (%s: %s)" % (folder, error.strerror)
    return "; found: %s" % (", ".join(names[:20]) or "no Python file")


def _find(module: ModuleType, settings: Settings) -> Callable[..., Any]:
    handler = getattr(module, settings.handler, None)
    if callable(handler):
        return handler  # type: ignore[no-any-return]  # callable() of Any
    public = _public_functions(module)
    label = "function %s.%s" % (settings.module, settings.handler)
    if len(public) == 1:
        (found,) = public
        console.report(
            "warning: %s does not exist; the only function of the file, %s, is used instead" % (label, found)
        )
        return public[found]
    names = ", ".join(sorted(public)) or "none"
    raise LoadError("%s cannot be loaded: the file has no such function; its functions: %s" % (label, names))


def _public_functions(module: ModuleType) -> dict[str, Callable[..., Any]]:
    """Functions defined in the file itself, not the imported ones."""
    return {
        name: value
        for name, value in vars(module).items()
        if inspect.isfunction(value) and not name.startswith("_") and value.__module__ == module.__name__
    }


def _parameters(handler: Callable[..., Any]) -> int:
    try:
        parameters = inspect.signature(handler).parameters.values()
    except (TypeError, ValueError):  # written in C, without a signature
        return 2
    kinds = [parameter.kind for parameter in parameters]
    if inspect.Parameter.VAR_POSITIONAL in kinds:
        return 2
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return min(2, sum(kind in positional for kind in kinds))
