"""A log of one line of JSON each, without patient data, where the setting asks for it.

What a message is made with may be a patient's value, an error's text too. So an error goes by its
type and place, of Streamlit's messages the wording without what is filled in, and of other
libraries' only where they came from.
"""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime
from pathlib import Path

import streamlit.logger

from app import __version__
from data_loaders import settings

LOGGER = logging.getLogger("calr_explorer")
_IN_FULL = ("calr_explorer", "uvicorn")
_WORDING = ("streamlit",)


class JsonLines(logging.Formatter):
    """Makes a record a line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line = {
            "at": datetime.fromtimestamp(record.created, tz=UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": _message(record),
        }
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
            line["place"] = place_of(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)


def place_of(error: BaseException | None) -> str:
    """Where in the code an error came up, innermost last; no value."""
    frames = traceback.extract_tb(error.__traceback__ if error is not None else None)
    return " > ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames[-5:])


def start_log() -> None:
    """Say what starts, and what is set and unknown; from now on in JSON where the setting says so.

    Call it when the server's own loggers are there.
    """
    if settings.LOG.read().lower() == "json":
        _all_in_json()
    LOGGER.setLevel(logging.INFO)
    LOGGER.info("CALR Explorer %s starts", __version__)
    for name in settings.unknown_settings():
        LOGGER.warning("%s is no setting of this version, so nothing obeys it", name)


def _all_in_json() -> None:
    """Streamlit gives every logger of its own a handler when it is first asked for."""
    streamlit.logger.setup_formatter = _give_handler
    streamlit.logger.update_formatter()
    logging.getLogger().handlers = [_handler()]
    for name in list(logging.root.manager.loggerDict):
        for handler in logging.getLogger(name).handlers:
            handler.setFormatter(JsonLines())


def _give_handler(logger: logging.Logger) -> None:
    logger.handlers = [_handler()]


def _handler() -> logging.Handler:
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    return handler


def _message(record: logging.LogRecord) -> str:
    root = record.name.split(".", maxsplit=1)[0]
    if root in _IN_FULL:
        return record.getMessage()
    if root in _WORDING:
        return str(record.msg)
    return f"{record.module}:{record.lineno}"
