"""
The commands, flags and defaults of the Kubeless of old, which scripts use.

The table was written by hand from its reference, command by command; the code knows nothing of it.
"""

import click
import pytest

from kubeless.cli.main import root

REQUIRED = "<required>"
SWITCH = "<switch>"
LIST = "<list>"

NAMESPACE = {"-n --namespace": ""}
DRY_RUN = {"--dryrun": SWITCH, "-o --output": "yaml"}
OUT = {"-o --out": ""}

FUNCTION = {
    "-r --runtime": "",
    "--handler": "",
    "-f --from-file": "",
    "-d --dependencies": "",
    "-l --label": LIST,
    "-e --env": LIST,
    "--secrets": LIST,
    "--node-selectors": LIST,
    "--service-account": "",
    "--memory": "",
    "--cpu": "",
    "--runtime-image": "",
    # Their defaults are in the objects: a flag that is not given must not change a function.
    "--image-pull-policy": "",
    "--timeout": "",
    "--port": "",
    "--servicePort": "",
    "--headless": SWITCH,
    **DRY_RUN,
    **NAMESPACE,
}

HTTP = {
    "--path": "",
    "--hostname": "",
    "--gateway": "",
    "--enableTLSAcme": SWITCH,
    "--tls-secret": "",
    "--basic-auth-secret": "",
    **DRY_RUN,
    **NAMESPACE,
}

CRONJOB = {"-p --payload": "", "-f --payload-from-file": "", **DRY_RUN, **NAMESPACE}

COMMANDS: dict[str, dict[str, str]] = {
    "function deploy": FUNCTION | {"--schedule": ""},
    "function update": FUNCTION,
    "function delete": NAMESPACE,
    "function list": OUT | NAMESPACE,
    "function ls": OUT | NAMESPACE,
    "function describe": OUT | NAMESPACE,
    "function call": {"-d --data": "", **NAMESPACE},
    "function logs": {"-f --follow": SWITCH, **NAMESPACE},
    "function top": {"-f --function": "", **OUT, **NAMESPACE},
    "function stats": {"-f --function": "", **OUT, **NAMESPACE},
    "trigger kafka create": {"--trigger-topic": REQUIRED, "--function-selector": REQUIRED, **DRY_RUN, **NAMESPACE},
    "trigger kafka update": {"--trigger-topic": "", "--function-selector": "", **DRY_RUN, **NAMESPACE},
    "trigger kafka delete": NAMESPACE,
    "trigger kafka list": NAMESPACE,
    "trigger kafka ls": NAMESPACE,
    "trigger nats create": {"--trigger-topic": REQUIRED, "--function-selector": REQUIRED, **DRY_RUN, **NAMESPACE},
    "trigger nats update": {"--trigger-topic": "", "--function-selector": "", **DRY_RUN, **NAMESPACE},
    "trigger nats delete": NAMESPACE,
    "trigger nats list": NAMESPACE,
    "trigger nats ls": NAMESPACE,
    # The URL and the message were required; there are other ways to say both now.
    "trigger nats publish": {"--url": "", "--topic": "kubeless", "--message": ""},
    "trigger http create": {"--function-name": REQUIRED, "--cors-enable": SWITCH, **HTTP},
    "trigger http update": {"--function-name": "", **HTTP},
    "trigger http delete": NAMESPACE,
    "trigger http list": NAMESPACE,
    "trigger http ls": NAMESPACE,
    "trigger cronjob create": {"--function": REQUIRED, "--schedule": REQUIRED, **CRONJOB},
    "trigger cronjob update": {"--function": "", "--schedule": "", **CRONJOB},
    "trigger cronjob delete": NAMESPACE,
    "trigger cronjob list": NAMESPACE,
    "trigger cronjob ls": NAMESPACE,
    **{f"trigger kinesis {name}": {} for name in ("create", "update", "delete", "list", "ls")},
    "trigger kinesis create-stream": {},
    "trigger kinesis publish": {},
    "topic create": {"--kafka-namespace": "kubeless"},
    "topic delete": {"--kafka-namespace": "kubeless"},
    "topic list": {"--kafka-namespace": "kubeless"},
    "topic ls": {"--kafka-namespace": "kubeless"},
    "topic publish": {"--topic": "kubeless", "--data": "", "--kafka-namespace": "kubeless"},
    "autoscale create": {"--min": "1", "--max": "1", "--metric": "cpu", "--value": REQUIRED, **NAMESPACE},
    "autoscale delete": NAMESPACE,
    "autoscale list": OUT | NAMESPACE,
    "autoscale ls": OUT | NAMESPACE,
    "get-server-config": {},
    "completion": {},
    "version": {},
    "help": {},
}


def find(path: str) -> click.Command:
    command: click.Command = root
    for name in path.split():
        assert isinstance(command, click.Group), path
        found = command.get_command(click.Context(command), name)
        assert found is not None, path
        command = found
    return command


def described(option: click.Option) -> str:
    """What the table says of an option."""
    if option.required:
        return REQUIRED
    if option.is_flag:
        return SWITCH
    if option.multiple:
        return LIST
    default = option.to_info_dict()["default"]
    return "" if default is None else str(default)


@pytest.mark.parametrize("path", COMMANDS)
def test_a_command_has_the_flags_that_scripts_use(path: str) -> None:
    options = [parameter for parameter in find(path).params if isinstance(parameter, click.Option)]
    by_spelling = {spelling: option for option in options for spelling in option.opts}
    for spellings, meaning in COMMANDS[path].items():
        found = {by_spelling[spelling].name for spelling in spellings.split() if spelling in by_spelling}
        missing = [spelling for spelling in spellings.split() if spelling not in by_spelling]
        assert not missing, f"{path}: {', '.join(missing)}"
        assert len(found) == 1, f"{path}: {spellings} are different flags"
        assert described(by_spelling[spellings.split()[0]]) == meaning, f"{path} {spellings}"


@pytest.mark.parametrize("path", COMMANDS)
def test_both_spellings_of_help_are_known(path: str) -> None:
    command = find(path)
    assert click.Context(command, **command.context_settings).help_option_names == ["-h", "--help"]
