"""The page of documentation that is made from the commands."""

from pathlib import Path

from kubeless.cli.reference import reference

PAGE = Path(__file__).parents[3] / "docs" / "cli.md"


def test_the_page_says_what_the_commands_say() -> None:
    assert PAGE.read_text() == reference(), "run: python -m kubeless.cli.reference > docs/cli.md"


def test_every_command_has_a_section_and_other_names_are_told() -> None:
    page = reference()
    assert "\n### kubeless function deploy\n" in page
    assert "\n#### kubeless trigger kafka create\n" in page
    assert "Also: `ls`." in page
