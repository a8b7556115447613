"""What is the matter with something that a trigger refers to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """In words for the owner of a trigger."""

    reason: str
    """One CamelCase word, as conditions have it."""
    message: str
    """What is the matter and what to do about it."""
