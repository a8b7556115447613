"""
What the admin operations of all services agree on, and the command `kubeless` with them.

Light on purpose: the command imports this before it talks to anybody.
"""

PORT = "admin"
"""Name of the port of a Kubernetes Service where the operations are served."""

MAX_BODY = 16 << 20
"""Bytes of a request's body."""
MAX_LETTERS = 1000
"""Dead letters of one list or redrive request."""
