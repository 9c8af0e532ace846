"""What is done before the port opens, so that no visitor waits for it."""

from __future__ import annotations

import streamlit as st

from app.ui.jobs import JobService
from app.ui.session import DEFAULT_COHORT, demo_cohort


@st.cache_resource(show_spinner=False)
def job_service() -> JobService:
    """The one job service of this server, with its warm worker process."""
    return JobService()


def warm_up() -> None:
    """Start the worker, which compiles in its own process, and load the default cohort."""
    job_service()
    demo_cohort(DEFAULT_COHORT)


def shut_down() -> None:
    """End the worker."""
    job_service().close()
