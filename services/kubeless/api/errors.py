"""
What is wrong with an object somebody gave us.

All problems are told at once: nobody should have to apply a manifest five times to learn of five mistakes.
"""

from collections.abc import Sequence

from kubeless.core.errors import InvalidField, InvalidInput


class InvalidObject(InvalidInput):
    """An object of ours has fields that cannot be used."""

    def __init__(self, what: str, problems: Sequence[InvalidField]) -> None:
        """`what` names the object for people, such as `Function default/echo`."""
        self.what = what
        self.problems = tuple(problems)
        super().__init__(f"{what} is not valid: " + "; ".join(str(problem) for problem in self.problems))
