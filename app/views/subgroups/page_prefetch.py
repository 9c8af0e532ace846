"""The first map of the default cohort, asked for before anybody looks."""

from __future__ import annotations

from app.analysis.subgroups import SubgroupSettings
from app.cohort.filters import Filter
from app.shell.session import DEFAULT_COHORT, Looking, demo_cohort
from app.views.subgroups.analysis import KINDS
from app.views.subgroups.page_search import SearchRequest, start_search


def prefetch_default_map() -> None:
    """Ask the worker for what the subgroups page opens on; it starts as soon as it is warm."""
    cohort, everyone = demo_cohort(DEFAULT_COHORT), Filter()
    looking = Looking(DEFAULT_COHORT, cohort, everyone, everyone.apply(cohort))
    settings = SubgroupSettings(quality="standard", seed=0, evidence=False)
    start_search(SearchRequest(looking, tuple(KINDS), settings))
