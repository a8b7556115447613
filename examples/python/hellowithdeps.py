"""Uses a package that requirements.txt names, and a module of its own archive."""

import six
from hellowithdepshelper import greeting


def foo(event, context):
    return greeting("Google", "on", "Python", "3" if six.PY3 else "2")
