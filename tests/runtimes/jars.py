"""Jars for the runtime `jvm`, made of the Java functions: it takes what a build of the user's own has made."""

import subprocess
import tempfile
from pathlib import Path

from kubeless.runtimes.catalog import resolve
from kubeless.runtimes.locate import locate

PARAMS = Path(__file__).parents[2] / "services" / "kubeless" / "runtimes" / "java" / "params"


def make_jar(function: Path, jar: Path) -> None:
    """
    Put the classes of a source file into a jar.

    Raises:
        RuntimeNotAvailable: Java is not installed.
    """
    tools = Path(locate(resolve("jvm17")).interpreter).parent
    with tempfile.TemporaryDirectory() as classes:
        options = ("-encoding", "UTF-8", "-d", classes, "-sourcepath", str(PARAMS))
        subprocess.run([str(tools / "javac"), *options, str(function)], check=True, timeout=60)
        for name in ("Event*.class", "Context.class"):  # which the server has
            for params in Path(classes, "io", "kubeless").glob(name):
                params.unlink()
        subprocess.run([str(tools / "jar"), "cf", str(jar), "-C", classes, "."], check=True, timeout=60)
