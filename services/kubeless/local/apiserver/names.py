"""
The forms of names, label keys and label values (RFC 1123, RFC 1035 and Kubernetes' qualified names).

Every function gives the problem as the words a real API server uses, or "" when the text is fine.
https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
"""

import re

_LABEL_1123 = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?")
_LABEL_1035 = re.compile(r"[a-z](?:[-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*")
_QUALIFIED = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?")
_CONFIG_KEY = re.compile(r"[-._a-zA-Z0-9]+")
_PORT_NAME = re.compile(r"[a-z0-9](?:-?[a-z0-9])*")

_LABEL_LENGTH = 63
_SUBDOMAIN_LENGTH = 253


def label_1123_problem(text: str) -> str:
    """A DNS-1123 label: the name of a namespace, or of a container."""
    if len(text) > _LABEL_LENGTH:
        return f"must be no more than {_LABEL_LENGTH} bytes"
    if _LABEL_1123.fullmatch(text):
        return ""
    return (
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end "
        "with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
        "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
    )


def label_1035_problem(text: str) -> str:
    """A DNS-1035 label: the name of a Service."""
    if len(text) > _LABEL_LENGTH:
        return f"must be no more than {_LABEL_LENGTH} bytes"
    if _LABEL_1035.fullmatch(text):
        return ""
    return (
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic "
        "character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation "
        "is '[a-z]([-a-z0-9]*[a-z0-9])?')"
    )


def subdomain_problem(text: str) -> str:
    """A DNS-1123 subdomain: the name of most objects."""
    if len(text) > _SUBDOMAIN_LENGTH:
        return f"must be no more than {_SUBDOMAIN_LENGTH} bytes"
    if _SUBDOMAIN.fullmatch(text):
        return ""
    return (
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
        "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
        "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
    )


def path_segment_problem(text: str) -> str:
    """What may be one segment of a URL path: the rule for the few kinds whose names are otherwise free."""
    if text in {".", ".."}:
        return f"may not be '{text}'"
    for forbidden in ("/", "%"):
        if forbidden in text:
            return f"may not contain '{forbidden}'"
    return ""


def qualified_name_problem(text: str) -> str:
    """`name` or `prefix/name`: a label key, an annotation key, a finalizer."""
    prefix, slash, name = text.rpartition("/")
    if slash:
        if not prefix:
            return "prefix part must be non-empty"
        problem = subdomain_problem(prefix)
        if problem:
            return f"prefix part {problem}"
    if not name:
        return "name part must be non-empty"
    if len(name) > _LABEL_LENGTH:
        return f"name part must be no more than {_LABEL_LENGTH} bytes"
    if _QUALIFIED.fullmatch(name):
        return ""
    return (
        "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
        "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
        "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
    )


def label_value_problem(text: str) -> str:
    """The value of a label; the empty one is fine."""
    if len(text) > _LABEL_LENGTH:
        return f"must be no more than {_LABEL_LENGTH} bytes"
    if not text or _QUALIFIED.fullmatch(text):
        return ""
    return (
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start "
        "and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for "
        "validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
    )


def config_key_problem(text: str) -> str:
    """A key of a ConfigMap or Secret, which may become a file name."""
    if len(text) > _SUBDOMAIN_LENGTH:
        return f"must be no more than {_SUBDOMAIN_LENGTH} bytes"
    if text in {".", ".."}:
        return f"must not be '{text}'"
    if text.startswith(".."):
        return "must not start with '..'"
    if _CONFIG_KEY.fullmatch(text):
        return ""
    return (
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or "
        "'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
    )


def environment_name_problem(text: str) -> str:
    """The name of an environment variable: anything printable but `=`."""
    if text and text.isascii() and text.isprintable() and "=" not in text:
        return ""
    return "a valid environment variable name must consist only of printable ASCII characters other than '='"


def port_name_problem(text: str) -> str:
    """The name of a container port (IANA service name): at most 15 characters, one of them a letter."""
    if len(text) > 15:
        return "must be no more than 15 characters"
    if not re.search("[a-z]", text):
        return "must contain at least one letter (a-z)"
    if _PORT_NAME.fullmatch(text):
        return ""
    return "must contain only alpha-numeric characters (a-z, 0-9), and hyphens ('-'), with no hyphen at either end"
