"""
Run a runtime's functions on this machine.

How that goes for a language is said by its module in `kubeless.runtimes.languages`.
"""

import shutil

from kubeless.runtimes.languages.all import LANGUAGES
from kubeless.runtimes.localruntime import LocalRuntime, RuntimeNotAvailable, Which
from kubeless.runtimes.runtime import Runtime

_LOCATORS = {name: locate for language in LANGUAGES for name, locate in language.locate.items()}


def locate(runtime: Runtime, *, which: Which = shutil.which) -> LocalRuntime:
    """
    Find what runs a runtime's functions here.

    Starts interpreters to ask for their version, so it may block for a moment: call it in a thread. Raises
    RuntimeNotAvailable, which says what to install.
    """
    locator = _LOCATORS.get(runtime.language)
    if locator is None:
        raise RuntimeNotAvailable(
            f"{runtime.id}: functions in {runtime.language} cannot run on this machine; "
            f"local mode runs {', '.join(_LOCATORS)}"
        )
    return locator(runtime, which)
