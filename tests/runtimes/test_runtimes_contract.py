"""Every language keeps the same contract."""

import pytest

from kubeless.runtimes.localruntime import RuntimeNotAvailable
from runtimes.case import Case
from runtimes.cases import CASES
from runtimes.languages import LANGUAGES, Language
from runtimes.server import Workshop

ROWS = [
    pytest.param(language, case, id=f"{language.name}: {case.group}: {case.name}")
    for language in LANGUAGES
    for case in CASES
]


def test_there_are_enough_cases_and_each_has_a_name_of_its_own() -> None:
    assert len(CASES) >= 60
    assert len({(case.group, case.name) for case in CASES}) == len(CASES)


@pytest.mark.parametrize(("language", "case"), ROWS)
async def test_contract(workshop: Workshop, language: Language, case: Case) -> None:
    if case.name in language.inapplicable:
        pytest.skip(f"{language.name}: {language.inapplicable[case.name]}")
    try:
        deps = language.deps if case.needs_deps else ""
        async with workshop.serve(language, case.function, deps=deps, env=case.env) as server:
            await case.check(server, language)
    except RuntimeNotAvailable as error:
        pytest.skip(str(error))
