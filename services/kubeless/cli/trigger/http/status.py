"""`kubeless trigger http status`."""

from kubeless.cli.trigger.http.report import status_object, status_rows
from kubeless.cli.trigger.kind import HTTP
from kubeless.cli.trigger.statusview import status_command

command = status_command(
    HTTP,
    "Say how an HTTP trigger is doing: where it is reached, and what is wrong.",
    report=status_object,
    rows=status_rows,
)
