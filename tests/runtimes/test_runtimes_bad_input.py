"""Functions that cannot be served: the log's last words say why, and the process ends rather than lie in wait."""

import asyncio
from collections.abc import Mapping

import pytest

from kubeless.runtimes.localruntime import RuntimeNotAvailable
from runtimes.languages import LANGUAGES, Language
from runtimes.server import StepFailed, Workshop, eventually, free_port, read_log

languages = pytest.mark.parametrize("language", [pytest.param(one, id=one.name) for one in LANGUAGES])


async def last_words(
    workshop: Workshop,
    language: Language,
    function: str,
    *,
    module: str = "",
    handler: str = "",
    env: Mapping[str, str] | None = None,
) -> str:
    """What the log says when the server has ended by itself, which it must, with an error."""
    try:
        volume = await workshop.prepare(language, function)
    except StepFailed as failed:
        return str(failed)  # a compiler finds the mistake first
    except RuntimeNotAvailable as error:
        pytest.skip(str(error))
    process, log = await workshop.launch(
        language, volume, module or function, handler=handler or language.handler, port=free_port(), env=env or {}
    )
    try:
        async with asyncio.timeout(20):
            assert await process.wait() not in (0, -9)
        return read_log(log)
    finally:
        await process.kill()
        process.abandon()


@languages
async def test_a_missing_handler_is_named(workshop: Workshop, language: Language) -> None:
    assert "absent" in await last_words(workshop, language, "answer", handler="absent")


@languages
async def test_a_missing_file_is_named(workshop: Workshop, language: Language) -> None:
    if "a missing file" in language.inapplicable:
        pytest.skip(f"{language.name}: {language.inapplicable['a missing file']}")
    assert "nowhere" in await last_words(workshop, language, "echo", module="nowhere")


@languages
async def test_a_syntax_error_is_told_with_its_line(workshop: Workshop, language: Language) -> None:
    words = await last_words(workshop, language, "syntax")
    assert f"syntax{language.suffix}" in words
    assert "SyntaxError" in words or "error" in words


@languages
async def test_a_module_that_never_returns_from_its_import_is_given_up(workshop: Workshop, language: Language) -> None:
    words = await last_words(workshop, language, "hang", env={"FUNC_LOAD_TIMEOUT": "1"})
    assert "hang" in words
    assert "within 1 s" in words


@languages
async def test_a_dependency_that_does_not_exist_fails_the_install_step(workshop: Workshop, language: Language) -> None:
    if not language.absent_deps:
        pytest.skip(f"{language.name} has no dependency file")
    try:
        with pytest.raises(StepFailed, match="package-that-nobody-published"):
            await workshop.prepare(language, "depend", deps=language.absent_deps)
    except RuntimeNotAvailable as error:
        pytest.skip(str(error))


@languages
async def test_a_bad_setting_is_named(workshop: Workshop, language: Language) -> None:
    assert "FUNC_TIMEOUT" in await last_words(workshop, language, "echo", env={"FUNC_TIMEOUT": "soon"})


@languages
async def test_a_port_that_is_taken_is_told(workshop: Workshop, language: Language) -> None:
    try:
        async with workshop.serve(language, "echo") as server:
            volume = await workshop.prepare(language, "echo")
            process, log = await workshop.launch(
                language, volume, "echo", handler=language.handler, port=server.port, env={}
            )
            async with asyncio.timeout(20):
                assert await process.wait() != 0
            await eventually(lambda: str(server.port) in read_log(log), "the port in the log")
    except RuntimeNotAvailable as error:
        pytest.skip(str(error))
