"""One form for every log line: ours through structlog, and those of libraries through the standard library."""

import logging
import re
from typing import Literal

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

LogFormat = Literal["json", "console"]

HIDDEN = "[hidden]"
_SECRETS = re.compile(
    r"axo-[\w-]{43}"  # our own keys
    r"|\b(?:hf|sk|gh[ps]|xox[abp]|xapp)[-_][\w-]{16,}"  # of the hub, and of services beside us
    r"|whsec_[\w+/=]{16,}"
    r"|(?<=://)[^\s/@:\"']*:[^\s/@\"']+(?=@)"  # a password in an address
    r"|(?i:(?<=bearer )[^\s\"']+)"
)


def configure(log_format: LogFormat, level: str) -> None:
    """Send all logs of this process to stderr, a line each, beginning with `level` ("INFO" …)."""
    ours: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *ours, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=ours,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_rendering(log_format)],
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)


def _rendering(log_format: LogFormat) -> list[Processor]:
    match log_format:
        case "json":
            return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(default=str), hide_secrets]
        case "console":
            return [_level_in_capitals, structlog.dev.ConsoleRenderer(colors=False), hide_secrets]


def hide_secrets(_logger: WrappedLogger, _method: str, line: EventDict | str) -> str:
    """Take keys, tokens and passwords out of a rendered line, wherever in it they are, tracebacks included."""
    return _SECRETS.sub(HIDDEN, str(line))


def _level_in_capitals(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    event["level"] = event["level"].upper()
    return event
