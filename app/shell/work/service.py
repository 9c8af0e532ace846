"""The one job service of a server."""

from __future__ import annotations

import streamlit as st

from app.shell.work.jobs import JobService


@st.cache_resource(show_spinner=False)
def job_service() -> JobService:
    """The one job service of this server, with its warm worker process."""
    return JobService()
