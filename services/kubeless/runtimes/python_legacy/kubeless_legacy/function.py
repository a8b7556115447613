"""
Import the function's file and find the handler in it.

The file is loaded by its path, as its name need not be an identifier, and must not hide a module of the standard
library that has the same name.
"""

import inspect
import os
import sys
import types

from .texts import IS_PYTHON2
from .traces import describe


class LoadFailed(Exception):
    """The function cannot be loaded; the message says why in one line, `cause` is what `sys.exc_info` gave."""

    def __init__(self, message, cause=None):
        Exception.__init__(self, message)
        self.cause = cause


class Function(object):
    """The handler. Raises LoadFailed."""

    def __init__(self, settings):
        self._label = "function %s cannot be loaded" % settings.function
        self._module = settings.module
        module = self._import(settings)
        self._handler = self._find(module, settings.handler)
        self.name = getattr(self._handler, "__name__", type(self._handler).__name__)
        self._parameters = _parameters(self._handler)

    def __call__(self, event, context):
        return self._handler(*(event, context)[: self._parameters])

    def _import(self, settings):
        if not os.path.isfile(settings.file):
            raise LoadFailed("%s: there is no file %s" % (self._label, settings.file))
        name = settings.module
        if name in sys.modules or name in sys.builtin_module_names:
            name = "_function_" + name
        try:
            return _load(str(name), settings.file)
        except BaseException as error:  # also sys.exit() while it is imported
            raise LoadFailed("%s: %s" % (self._label, describe(error)), sys.exc_info())

    def _find(self, module, name):
        handler = getattr(module, name, None)
        if callable(handler):
            return handler
        public = _public_functions(module)
        if len(public) == 1:
            (found,) = public
            told = "warning: function %s.%s does not exist; the only function of the file, %s, is used instead\n"
            sys.stderr.write(told % (self._module, name, found))
            return public[found]
        names = ", ".join(sorted(public)) or "none"
        raise LoadFailed("%s: the file has no such function; its functions: %s" % (self._label, names))


def _public_functions(module):
    """Functions defined in the file itself, not the imported ones."""
    return {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, types.FunctionType) and value.__module__ == module.__name__ and not name.startswith("_")
    }


def _load(name, path):
    if IS_PYTHON2:
        import imp

        return imp.load_source(name, path)
    from importlib.machinery import SourceFileLoader

    return SourceFileLoader(name, path).load_module()


def _parameters(handler):
    """How many of (event, context) it takes."""
    try:
        if IS_PYTHON2:
            found = inspect.getargspec(handler)
            bound = inspect.ismethod(handler)
            return 2 if found.varargs else min(2, len(found.args) - bound)
        parameters = inspect.signature(handler).parameters.values()
    except (TypeError, ValueError):  # an object that can be called, or one written in C
        return 2
    kinds = [parameter.kind for parameter in parameters]
    if inspect.Parameter.VAR_POSITIONAL in kinds:
        return 2
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return min(2, sum(kind in positional for kind in kinds))
