"""
Where the operation on the admin port is found. Light on purpose: the command imports this before it talks to anybody.
"""

from urllib.parse import quote

SERVICE = "cronjob-trigger-controller"
PORT = "admin"
"""The Kubernetes Service and the name of its port."""


def fire_path(namespace: str, trigger: str) -> str:
    """The path of a call on demand."""
    return f"triggers/{quote(namespace, safe='')}/{quote(trigger, safe='')}/fire"
