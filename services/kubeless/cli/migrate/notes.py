"""What is said about an object while it is changed."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Notes:
    """Filled by those who change the object, in their order."""

    changes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def change(self, text: str) -> None:
        """Something was changed."""
        self.changes.append(text)

    def warn(self, text: str) -> None:
        """Something is for a person to decide."""
        self.warnings.append(text)
