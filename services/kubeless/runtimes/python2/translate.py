"""
Run a Python 2 function where there is no Python 2: translate its source, then start the server.

`python translate.py VOLUME COMMAND...` rewrites the `.py` files in VOLUME (not those below `lib`, where dependencies
are) as Python 3 and becomes COMMAND. The translation is that of 2to3, kept alive as `fissix`. A file that is not Python
2 either is left alone: the server then says what is wrong with it. A list of what was translated is kept in VOLUME,
because some rewrites must not be done twice.
"""

import hashlib
import json
import os
import sys
from pathlib import Path

RECORD = ".kubeless-translated.json"
_SKIPPED = {"lib", "lib64", "bin", "node_modules"}


def main(volume: Path, command: list[str]) -> None:
    """Translate, then become the command."""
    try:
        translate_folder(volume)
    except ImportError:
        _tell("the source is not translated: install the package fissix, or choose a runtime of Python 3")
    sys.stdout.flush()
    os.execv(command[0], command)  # noqa: S606 - the server takes this process over


def translate_folder(volume: Path) -> list[Path]:
    """Rewrite what is not translated yet; the files that were. Raises ImportError without fissix."""
    record = volume / RECORD
    done: dict[str, str] = _read(record)
    changed = []
    for path in sorted(volume.rglob("*.py")):
        name = str(path.relative_to(volume))
        if path.relative_to(volume).parts[0] in _SKIPPED or done.get(name) == _digest(path):
            continue
        translated = translate(path.read_bytes().decode("utf-8", "surrogateescape"), name)
        if translated is None:
            continue
        path.write_bytes(translated.encode("utf-8", "surrogateescape"))
        done[name] = _digest(path)
        changed.append(path)
    record.write_text(json.dumps(done))
    return changed


def translate(source: str, name: str) -> str | None:
    """Python 2 as Python 3; None if it is no Python 2. Raises ImportError without fissix."""
    from fissix.pgen2.parse import ParseError  # type: ignore[import-untyped] # it ships no types
    from fissix.pgen2.tokenize import TokenError  # type: ignore[import-untyped] # it ships no types
    from fissix.refactor import RefactoringTool, get_fixers_from_package  # type: ignore[import-untyped] # it ships no types

    # `from __future__ import print_function` and the like are honoured by the tool itself.
    tool = RefactoringTool(get_fixers_from_package("fissix.fixes"))
    try:
        return str(tool.refactor_string(source if source.endswith("\n") else source + "\n", name))
    except (ParseError, TokenError, SyntaxError) as error:
        _tell(f"{name} is not translated, it is no Python 2: {error}")
        return None


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _read(record: Path) -> dict[str, str]:
    try:
        return dict(json.loads(record.read_text()))
    except (OSError, ValueError):
        return {}


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
