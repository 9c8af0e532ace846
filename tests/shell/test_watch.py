"""Health tells what does not work; the log tells no value of a patient."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from pathlib import Path

import pytest
from starlette.requests import Request

from app.shell.watch.figures import count_run, figures, metrics
from app.shell.watch.health import checked
from app.shell.watch.log import JsonLines
from app.shell.work.service import job_service
from data_loaders import settings


def logged(logger: str, message: str, *values: object, error: Exception | None = None) -> dict:
    record = logging.getLogger(logger).makeRecord(
        logger, logging.ERROR, "/src/lib/fit.py", 12, message, values,
        (type(error), error, error.__traceback__) if error else None,
    )  # fmt: skip
    line = JsonLines().format(record)
    assert "\n" not in line
    return json.loads(line)


def test_a_line_holds_no_value_whoever_logs_it():
    try:
        int("SECRET")
    except ValueError as error:
        line = logged("streamlit.runtime", "Uncaught %s", "SECRET", error=error)
    assert (line["message"], line["error"]) == ("Uncaught %s", "ValueError")
    assert line["place"].startswith("test_watch.py:")
    assert "SECRET" not in json.dumps(line)
    assert logged("lifelines", "Column SECRET is constant")["message"] == "fit:12"
    assert logged("calr_explorer", "%s starts", "It\n")["message"] == "It\n starts"


def test_figures_that_are_wanted_without_their_library_are_missed_in_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    assert figures() is None  # off by default
    figures.cache_clear()
    monkeypatch.setenv(settings.METRICS.name, "on")
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    count_run("survival", 0.2)
    assert "the package prometheus-client is missing" in caplog.text
    assert asyncio.run(metrics(Request({"type": "http"}))).status_code == 404
    figures.cache_clear()


def test_health_sees_a_worker_go_a_store_that_is_broken_and_no_room(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv(settings.STORE.name, str(tmp_path))
    assert all(check["works"] for check in checked().values())
    job_service().close()
    assert not checked()["worker"]["works"]
    job_service.clear()  # the next who asks starts another
    (tmp_path / "workspace.sqlite3").write_text("no database")
    broken = checked()["store"]
    assert not broken["works"]
    monkeypatch.setattr("app.shell.watch.health._LEAST_MIB", 2**40)
    assert not checked()["disk"]["works"]
    monkeypatch.setenv(settings.AUDIT.name, str(tmp_path / "audit.jsonl"))
    assert checked()["audit"]["works"]
