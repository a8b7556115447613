"""Python 2 functions run on Python 3: their source is translated once, and only theirs."""

from pathlib import Path

import pytest

from kubeless.runtimes.python2.translate import translate, translate_folder

pytest.importorskip("fissix", reason="fissix translates Python 2; it is not installed")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("print event['data']\n", "print(event['data'])\n"),
        ("import urllib2\n", "import urllib.request, urllib.error, urllib.parse\n"),
        ("x = u'a'\n", "x = 'a'\n"),
        ("try:\n    f()\nexcept E, e:\n    pass\n", "try:\n    f()\nexcept E as e:\n    pass\n"),
        ("print 1", "print(1)\n"),
        ("from __future__ import print_function\nprint(1, file=f)\n", "\nprint(1, file=f)\n"),
    ],
)
def test_python_2_becomes_python_3(old: str, new: str) -> None:
    assert translate(old, "old.py") == new


def test_what_is_no_python_2_is_left_alone(tmp_path: Path) -> None:
    source = "async def run(event):\n    print(event, file=None)\n"
    (tmp_path / "new.py").write_text(source)
    assert translate_folder(tmp_path) == []
    assert (tmp_path / "new.py").read_text() == source


def test_a_file_is_translated_once(tmp_path: Path) -> None:
    """A second time, `input()`, which was `raw_input()`, would become `eval(input())`."""
    file = tmp_path / "old.py"
    file.write_text("x = raw_input()\n")
    assert translate_folder(tmp_path) == [file]
    assert translate_folder(tmp_path) == []
    assert file.read_text() == "x = input()\n"
    file.write_text("print 1\n")
    assert translate_folder(tmp_path) == [file]


def test_dependencies_are_left_alone(tmp_path: Path) -> None:
    package = tmp_path / "lib" / "python3.11" / "site-packages" / "package.py"
    package.parent.mkdir(parents=True)
    package.write_text("print 1\n")
    assert translate_folder(tmp_path) == []
