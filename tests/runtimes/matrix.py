"""Languages by cases, as a table in the documentation."""

from dataclasses import dataclass, field
from pathlib import Path

from runtimes.case import Case
from runtimes.cases import CASES
from runtimes.languages import LANGUAGES, Language

BEGIN = "<!-- matrix: written by the test run -->"
END = "<!-- end of matrix -->"
_SIGNS = {"passed": "✓", "failed": "✗", "skipped": "-"}


@dataclass(slots=True)
class Matrix:
    """How each case ended in each language."""

    _outcomes: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def record(self, language: Language, case: Case, outcome: str) -> None:
        self._outcomes[language.name, case.group, case.name] = outcome

    def covers(self, language: Language) -> bool:
        """Whether every case was run; half a table would say that the rest does not work."""
        return all((language.name, case.group, case.name) in self._outcomes for case in CASES)

    def render(self) -> str:
        """A table in Markdown: a row for each case, a column for each language."""
        languages = [language for language in LANGUAGES if self.covers(language)]
        lines = [
            "| | " + " | ".join(language.name for language in languages) + " |",
            "|---" * (len(languages) + 1) + "|",
        ]
        group = ""
        for case in CASES:
            if case.group != group:
                group = case.group
                lines.append(f"| **{group}** |" + " |" * len(languages))
            signs = (_SIGNS[self._outcomes[language.name, case.group, case.name]] for language in languages)
            lines.append(f"| {case.name} | " + " | ".join(signs) + " |")
        return "\n".join(lines)


def write_matrix(page: Path, matrix: Matrix) -> None:
    """Replace the table in the page, between its two marks."""
    before, mark, rest = page.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if mark and end and any(matrix.covers(language) for language in LANGUAGES):
        page.write_text(f"{before}{BEGIN}\n{matrix.render()}\n{END}{after}")
