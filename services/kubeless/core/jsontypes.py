"""
Names for the shapes that JSON gives us.

Kubernetes objects travel through this project as plain dictionaries: model classes of a client library cost
seconds of import time and drop the fields they do not know. What *we* define (our custom resources) has typed values
in `kubeless.api`.
"""

from typing import Any

JsonObject = dict[str, Any]
"""A JSON object, such as a Kubernetes object as the API server sends it. Treat as immutable once shared."""
