"""`kubeless trigger http update`."""

from kubeless.cli.trigger.http.build import read_wanted
from kubeless.cli.trigger.http.flags import http_trigger_options
from kubeless.cli.trigger.kind import HTTP
from kubeless.cli.trigger.update import update_command

command = update_command(
    HTTP,
    "Change an HTTP trigger; what is not given stays as it is.",
    options=http_trigger_options(required=False),
    read=read_wanted,
)
