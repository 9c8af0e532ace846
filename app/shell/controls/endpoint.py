"""The widgets of the survival page and what they ask for."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from app.shell.controls.choice import pick
from app.shell.controls.curve_options import CurveOptions, draw_curve_options
from app.shell.controls.grouping import ChosenGrouping, draw_grouping
from app.shell.links import ENDPOINT, endpoint_labels
from app.shell.session import Looking
from data_loaders import Cohort


@dataclass(frozen=True)
class SurvivalSettings:
    """What the survival page was asked to show."""

    endpoint: str
    chosen: ChosenGrouping
    options: CurveOptions


def survival_settings(looking: Looking) -> SurvivalSettings:
    """Draw the controls and return what they ask for."""
    cohort = looking.cohort
    left, middle, right = st.columns([5, 5, 3], vertical_alignment="bottom")
    with left:
        endpoint = draw_endpoint_choice(cohort)
    below = st.container()
    with right.popover("Options", icon=":material/tune:", width="stretch"):
        options = draw_curve_options(cohort, endpoint)
    with middle:
        chosen = draw_grouping(
            looking, endpoint, limit=options.time.limit, below=below, followed=True
        )
    return SurvivalSettings(endpoint, chosen, options)


def draw_endpoint_choice(cohort: Cohort) -> str:
    """The control that chooses the endpoint; the cohort has at least one."""
    labels = endpoint_labels(cohort)
    return pick("Endpoint", labels, ENDPOINT, labels=labels)
