"""The pages of documentation that are made from the commands and the types."""

from pathlib import Path

from kubeless.cli import crdreference
from kubeless.cli.reference import reference

PAGE = Path(__file__).parents[3] / "docs" / "cli.md"


def test_the_page_says_what_the_commands_say() -> None:
    assert PAGE.read_text() == reference(), "run: python -m kubeless.cli.reference > docs/cli.md"


def test_every_command_has_a_section_and_other_names_are_told() -> None:
    page = reference()
    assert "\n### kubeless function deploy\n" in page
    assert "\n#### kubeless trigger kafka create\n" in page
    assert "Also: `ls`." in page


def test_the_page_of_resources_says_what_the_definitions_say() -> None:
    page = PAGE.with_name("crds.md").read_text()
    assert page == crdreference.reference(), "run: python -m kubeless.cli.crdreference > docs/crds.md"


def test_fields_are_shown_at_any_depth_with_type_and_bounds() -> None:
    page = crdreference.reference()
    assert "| `topic` | string | *required*; " in page
    assert "| `delivery.retry.maxAttempts` | integer | " in page
    assert "| `functionSelector.matchExpressions[].operator` | string | " in page
    assert "- exactly one of function-name and functionSelector is needed" in page
