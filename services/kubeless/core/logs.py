"""
Structured logs: a constant message and key-values, a coloured line on a terminal, JSON in a pod.

Modules write `log = structlog.get_logger(__name__)`. Ids that belong to everything below a point (event, trigger,
function) are bound once with `structlog.contextvars`. What libraries write through the standard `logging` comes out
in the same shape.
"""

import logging
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO

import orjson
import structlog
from structlog.typing import Processor

from kubeless.core.errors import InvalidField

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}

# Libraries narrate what we count and summarise ourselves.
_QUIET_LIBRARIES = ("aiohttp.access", "asyncio", "aiokafka", "nats")


_RENDERED = "kubeless_rendered"

_FILE_BYTES = 10 * 2**20
_FILE_COUNT = 3


def configure(
    *, level: str = "info", json: bool | None = None, stream: TextIO | None = None, file: Path | None = None
) -> None:
    """
    Set up logging for the whole process, to `stream` (default: standard error) or to `file`.

    `json` defaults to whether the lines do not go to a terminal. A file is rotated, so that it stays small.

    Raises:
        InvalidField: `level` is not one of debug, info, warning, error (any case).
    """
    number = _level_number(level)
    handler = _handler(stream or sys.stderr, file)
    as_json = not handler.stream.isatty() if json is None else json
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler.setFormatter(_Formatter(foreign_pre_chain=shared, processors=_final_processors(as_json)))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(number)
    for name in _QUIET_LIBRARIES:
        logging.getLogger(name).setLevel(max(number, logging.WARNING))


def write_rendered(text: str, *, level: int = logging.INFO) -> None:
    """Write lines that are rendered already, as JSON: for those who write too many to do it singly."""
    root = logging.getLogger()
    if root.isEnabledFor(level):
        name = logging.getLevelName(level)
        root.handle(logging.makeLogRecord({"levelno": level, "levelname": name, "msg": text, _RENDERED: True}))


class _Formatter(structlog.stdlib.ProcessorFormatter):
    def format(self, record: logging.LogRecord) -> str:
        return str(record.msg) if hasattr(record, _RENDERED) else super().format(record)


def _handler(stream: TextIO, file: Path | None) -> logging.StreamHandler[TextIO]:
    if file is None:
        return logging.StreamHandler(stream)
    # The base class of a file handler's stream type is wider than the text it opens.
    return RotatingFileHandler(file, maxBytes=_FILE_BYTES, backupCount=_FILE_COUNT - 1, encoding="utf-8")  # type: ignore[return-value]


def _level_number(level: str) -> int:
    try:
        return _LEVELS[level.lower()]
    except KeyError:
        raise InvalidField(
            "log level", level, problem="is unknown", remedy=f"use one of {', '.join(_LEVELS)}"
        ) from None


def _final_processors(as_json: bool) -> list[Processor]:
    drop_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if not as_json:
        return [drop_meta, structlog.dev.ConsoleRenderer()]
    return [
        drop_meta,
        structlog.processors.EventRenamer("message"),
        structlog.processors.format_exc_info,  # the dictionary form would tell local variables, secrets included
        structlog.processors.JSONRenderer(serializer=_to_json),
    ]


def _to_json(value: object, **_: object) -> str:
    return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
