"""Log lines: JSON with the correlation id, for the project's own and for libraries' lines alike."""

import logging
import sys

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

from app.correlation import CURRENT
from app.settings import Settings


def _with_correlation(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    """Lines of a request say which."""
    correlation = CURRENT.get()
    return line if correlation is None else {"correlation_id": correlation, **line}


_SHARED: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    _with_correlation,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)


def configure_logs(settings: Settings, process: str) -> None:
    """Write lines of at least the set level to standard error; `process` says which part speaks."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    structlog.contextvars.bind_contextvars(process=process)
    structlog.configure(
        processors=[
            *_SHARED,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.processors.format_exc_info,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(settings))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("httpx", "httpcore", "arq", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(max(level, logging.WARNING))


def _formatter(settings: Settings) -> logging.Formatter:
    renderer: Processor = (
        structlog.processors.JSONRenderer(default=str)
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*_SHARED, structlog.stdlib.ExtraAdder()],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _without_colour,
            structlog.processors.format_exc_info,
            renderer,
        ],
    )


def _without_colour(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    """uvicorn says some things a second time, coloured."""
    line.pop("color_message", None)
    return line
