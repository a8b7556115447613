"""The error of every kind of patch."""

from kubeless.core.errors import InvalidInput


class PatchError(InvalidInput):
    """The patch cannot be applied to the object."""
