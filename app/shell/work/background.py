"""Work in the worker process as a page sees it: asked for once, shown, stopped, started again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from app.shell.work.jobs import Job
from app.shell.work.service import job_service

_STOPPED = "_stopped_work"
_POLL_SECONDS = 0.4


def ask_worker(
    key: str,
    task: str,
    payload: Callable[[], Mapping[str, Any]],
    *,
    group: str,
    rank: int,
    stopped: str,
) -> Job:
    """The job of a key: already there, or asked for now unless the user stopped its group.

    Parameters
    ----------
    key
        What is asked for: cohort, filter and settings.
    payload
        Makes its input, where it has to be sent.
    group
        What belongs together: stopped together, given up when the session asks for another group.
    rank
        How long it can wait; see :class:`app.shell.work.jobs.JobService`.
    stopped
        What is said where the user stopped it.
    """
    service = job_service()
    job = service.get(key)
    # One that was stopped while nobody waited for it is asked for anew by who does.
    if job is not None and job.finished and job.state != "cancelled":
        return job
    if group in _stopped():
        return Job(key, task, None, state="cancelled", message=stopped)
    sent = payload() if job is None or job.finished else {}
    return service.submit(key, task, sent, session_id(), group, rank=rank)


def draw_progress(
    group: str, jobs: Sequence[Job], words: Callable[[Job], str], *, stop_key: str
) -> None:
    """A bar that follows the first unfinished job, and a button that stops all of the group.

    The page is run again as soon as one of the jobs is done.

    Parameters
    ----------
    group
        The group that the button stops.
    jobs
        The jobs in the order they run, at least one of them unfinished.
    words
        What is under way, for a job.
    """
    state = [(job.key, job.state == "done") for job in jobs]

    @st.fragment(run_every=_POLL_SECONDS)
    def poll() -> None:
        job = next((job for job in jobs if not job.finished), None)
        if job is None or state != [(job.key, job.state == "done") for job in jobs]:
            st.rerun()
        # Columns would put the button under the bar where the page leaves them little width.
        row = st.container(horizontal=True, vertical_alignment="center")
        row.progress(min(max(job.fraction, 0.02), 1.0), text=words(job), width="stretch")
        # One key for all stages: a click must not be lost when the stage changes.
        if row.button("Stop", key=stop_key, type="tertiary"):
            job_service().withdraw(session_id())
            _stopped().add(group)
            st.rerun()

    poll()


def draw_interruption(
    group: str, jobs: Sequence[Job], job: Job, *, shown: str, again_key: str
) -> None:
    """Say why a job has no result, and offer to start the group again."""
    left, right = st.columns([5, 2], vertical_alignment="center")
    left.markdown(f":orange[{job.message}]{shown}")
    right.button("Start again", key=again_key, on_click=_start_again, args=(group, jobs))


def interrupted(jobs: Sequence[Job]) -> Job | None:
    """The first job that was stopped or broke."""
    return next((job for job in jobs if job.state in ("failed", "cancelled")), None)


def session_id() -> str:
    """A name for this session, for fair queueing; it says nothing about anyone."""
    context = get_script_run_ctx(suppress_warning=True)
    return context.session_id if context is not None else "none"


def _start_again(group: str, jobs: Sequence[Job]) -> None:
    _stopped().discard(group)
    for job in jobs:
        if job.state in ("failed", "cancelled"):
            job_service().forget(job.key)


def _stopped() -> set[str]:
    """What the session stopped; nothing where the server asks before anybody has come."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return set()
    held: set[str] = st.session_state.setdefault(_STOPPED, set())
    return held
