"""
JSON merge patches (RFC 7396): the smallest one that turns one object into another.

Only what differs is sent, so what others changed meanwhile elsewhere in the object is left alone.
"""

from kubeless.core.jsontypes import JsonObject


def merge_patch(old: JsonObject, new: JsonObject) -> JsonObject:
    """The patch from `old` to `new`; empty if they are equal."""
    patch: JsonObject = {key: None for key in old if key not in new}
    for key, value in new.items():
        before = old.get(key)
        if isinstance(value, dict) and isinstance(before, dict):
            if nested := merge_patch(before, value):
                patch[key] = nested
        elif key not in old or value != before:
            patch[key] = value
    return patch
