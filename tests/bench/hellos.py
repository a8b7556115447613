"""The functions that `runtimes` measures beside the suite's `echo`: each says hello and does nothing else."""

from collections.abc import Mapping

_GO = """\
package kubeless

import "github.com/kubeless/kubeless/pkg/functions"

func Run(event functions.Event, context functions.Context) (string, error) { return "hello", nil }
"""
_JAVA = """\
package io.kubeless;

public class hello {
    public String run(Event event, Context context) { return "hello"; }
}
"""
_DOTNET = """\
using Kubeless.Functions;

public class hello
{
    public string run(Event k8Event, Context k8Context) { return "hello"; }
}
"""
_PYTHON = "def run(event, context):\n    return 'hello'\n"

HELLO: Mapping[str, str] = {
    "python": _PYTHON,
    "python2.7": _PYTHON,
    "nodejs": "module.exports = { run: () => 'hello' };\n",
    "ruby": "def run(event, context)\n  'hello'\nend\n",
    "php": "<?php function run($event, $context) { return 'hello'; }\n",
    "go": _GO,
    "java": _JAVA,
    "dotnet": _DOTNET,
}
"""By language, as the conformance suite names it. `jvm` is left out: it has Java's server."""
