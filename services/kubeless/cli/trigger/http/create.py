"""`kubeless trigger http create`."""

from kubeless.cli.trigger.creation import create_command
from kubeless.cli.trigger.http.build import read_wanted
from kubeless.cli.trigger.http.flags import http_trigger_options
from kubeless.cli.trigger.kind import HTTP

command = create_command(HTTP, "Create an HTTP trigger.", options=http_trigger_options(required=True), read=read_wanted)
