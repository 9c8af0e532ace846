"""Figures of a running server for Prometheus, where the setting asks for them; none is a patient's.

How long runs of a page take, what people do, errors, sessions and jobs; memory and processor of the
process come with the library, an extra of its own (``requirements-serve.txt``).
"""

from __future__ import annotations

from functools import cache

from starlette.requests import Request
from starlette.responses import Response
from streamlit import runtime
from streamlit.runtime.stats import ACTIVE_SESSIONS_FAMILY

from app.shell.watch.log import LOGGER
from app.shell.work.service import job_service
from data_loaders import settings

_EDGES = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)


class Figures:
    """What is counted; made once a process."""

    def __init__(self) -> None:
        import prometheus_client as prometheus

        self.latest, self.kind = prometheus.generate_latest, prometheus.CONTENT_TYPE_LATEST
        self.runs = prometheus.Histogram(
            "calr_run_seconds", "Seconds a run of a page took", ["page"], buckets=_EDGES
        )
        self.actions = prometheus.Counter("calr_actions", "What people did", ["action"])
        self.errors = prometheus.Counter("calr_errors", "Errors that no page foresaw")
        for name, told, read in (
            ("calr_sessions", "Browser tabs that are connected", _sessions),
            ("calr_jobs_unfinished", "Long computations under way or waiting", _unfinished),
            ("calr_worker_up", "Whether the process of long computations runs", _worker),
        ):
            prometheus.Gauge(name, told).set_function(read)


@cache
def figures() -> Figures | None:
    """The figures of this process; None where they are not wanted, or lack their library."""
    if settings.METRICS.read().lower() != "on":
        return None
    try:
        return Figures()
    except ImportError:
        LOGGER.warning(
            "%s is on, but there are no figures: the package prometheus-client is missing "
            "(make serve installs it)",
            settings.METRICS.name,
        )
        return None


def count_run(page: str, seconds: float) -> None:
    """Count a run of a page, by its path."""
    held = figures()
    if held is not None:
        held.runs.labels(page or "home").observe(seconds)


def count_action(action: str) -> None:
    """Count what somebody did."""
    held = figures()
    if held is not None:
        held.actions.labels(action).inc()


def count_error() -> None:
    """Count an error that no page foresaw."""
    held = figures()
    if held is not None:
        held.errors.inc()


async def metrics(_request: Request) -> Response:
    """All figures in Prometheus' format."""
    held = figures()
    if held is None:
        return Response("No figures here.", 404)
    return Response(held.latest(), media_type=held.kind)


def _sessions() -> float:
    held = runtime.get_instance().stats_mgr.get_stats([ACTIVE_SESSIONS_FAMILY])
    return float(sum(stat.value for stat in held.get(ACTIVE_SESSIONS_FAMILY, ())))


def _unfinished() -> float:
    return float(job_service().unfinished)


def _worker() -> float:
    return float(job_service().alive)
