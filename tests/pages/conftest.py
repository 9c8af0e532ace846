"""The app driven without a browser."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from app.shell.work.jobs import JobService
from data_loaders import Cohort
from tests.conftest import ROOT

PAGES = (
    "home", "cohort", "survival", "subgroups", "prognosis", "transplant", "genomics", "compare",
    "pooled", "patient", "story", "data", "methods",
)  # fmt: skip
_DATA_TABS = {
    "Findings", "Correct what was understood", "Derive", "Endpoints", "Variables", "Alterations",
    "Planted truths",
}  # fmt: skip


def data_tabs_of(cohort: Cohort) -> dict[str, set[str]]:
    """What a session that opened every tab of the Data page holds as ``_data_tabs_opened``."""
    return {cohort.name: set(_DATA_TABS)}


@pytest.fixture(scope="session", autouse=True)
def services() -> Iterator[set[JobService]]:
    """The services that pages started; their workers end with the tests."""
    started: set[JobService] = set()
    start = JobService._start_worker

    def noted(service: JobService) -> None:
        started.add(service)
        start(service)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JobService, "_start_worker", noted)
        yield started
        for service in started:
            service.close()


@pytest.fixture(autouse=True)
def _leave_no_work_behind(services: set[JobService]) -> Iterator[None]:
    """What a page asked for and its test did not wait for would be computed beside the next."""
    yield
    for service in services:
        for key in list(service._jobs):
            service.cancel(key)


@pytest.fixture
def open_app() -> Callable[..., AppTest]:
    """Open a page with the parameters of a link, as a visitor who follows it does."""

    def opener(page: str = "home", **query: str | list[str]) -> AppTest:
        st.cache_data.clear()
        at = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=120)
        for key, value in query.items():
            at.query_params[key] = value
        if page != "home":
            at.switch_page(str(ROOT / "pages" / f"{page}.py"))
        return at.run()

    return opener


def open_upload(
    cohort: Cohort,
    page: str,
    *,
    query: Mapping[str, str] | None = None,
    state: Mapping[str, object] | None = None,
) -> AppTest:
    """Open a page on a cohort that only this session has."""
    at = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=120)
    key = f"upload:{cohort.name}"
    at.session_state["_uploads"] = {key: cohort}
    at.query_params["cohort"] = key
    for name, value in (query or {}).items():
        at.query_params[name] = value
    for name, value in (state or {}).items():
        at.session_state[name] = value
    if page != "home":
        at.switch_page(str(ROOT / "pages" / f"{page}.py"))
    return at.run()


def run_when_worked(at: AppTest, seconds: float = 3.0) -> AppTest:
    """Run the page again once the worker has nothing left to do, or after so many seconds.

    A page that is run while it waits takes time from the worker and shows nothing new.
    """
    from app.shell.work.service import job_service

    service = job_service()
    with service._change:
        service._change.wait_for(
            lambda: all(job.finished for job in service._jobs.values()), timeout=seconds
        )
    return at.run()


def calm(at: AppTest) -> AppTest:
    """No traceback and no error on the page."""
    assert not at.exception, at.exception
    assert not at.error, [element.value for element in at.error]
    return at


def unfolded(at: AppTest) -> AppTest:
    """The page with all that is offered to take away, which has the methods."""
    for box in at.expander:
        if box.label.startswith("Take it away"):
            at.session_state[box.proto.id.rpartition("-")[2]] = True
    return calm(at.run())


def figures(at: AppTest) -> list[dict[str, Any]]:
    """The figures on the page, as plain data."""
    return [json.loads(chart.proto.spec) for chart in at.get("plotly_chart")]


def words(at: AppTest) -> str:
    """Everything the page says in words."""
    kinds = ("title", "subheader", "markdown", "caption", "info", "warning", "error", "success")
    return "\n".join(str(element.value) for kind in kinds for element in at.get(kind))
