"""Where the time axis of curves ends, and the click that shows the whole follow-up."""

from __future__ import annotations

import streamlit as st

from app.analysis.survival import FEWEST_AT_RISK, SHARE_AT_RISK
from app.shell.controls.choice import choice, toggle
from app.study.wording import TimeUnit, format_time

WHOLE = "whole_axis"


def draw_axis_end(
    supported: float, last: float, unit: TimeUnit = "years", *, own: float = 0.0
) -> float | None:
    """Say where the axis ends, and offer the rest.

    Parameters
    ----------
    supported
        Months until which enough patients are at risk.
    last
        End of the longest follow-up in months.
    own
        Months at which the course of a patient ends that is drawn beside the curves in full.

    Returns
    -------
    float or None
        Months at which the axis ends; None for the whole follow-up.
    """
    end, whole = format_time(supported, unit), format_time(last, unit)
    if supported >= last or end == whole:
        return None
    few = f"fewer than {SHARE_AT_RISK:.0%} or {FEWEST_AT_RISK} patients are at risk in every group"
    beyond = f"Beyond {end} {unit} {few}: do not read the curves there."
    if own >= last:
        st.caption(beyond)
        return None
    shown = toggle(
        f"Whole follow-up, to {whole} {unit}",
        WHOLE,
        help="For the figure only: every table and test uses all of it.",
    )
    drawn = format_time(own, unit)
    if shown:
        st.caption(beyond)
    elif own > supported and drawn != end:
        st.caption(f"The axis ends at {drawn} {unit}, with this patient's own course. {beyond}")
    else:
        st.caption(f"The axis ends at {end} {unit}: later, {few}.")
    return None if shown else max(supported, own)


def draw_read_at() -> int | None:
    """The year at which sentences and tables read curves; None for the latest that all reach."""
    years = {"Latest": None, "3 years": 3, "5 years": 5, "10 years": 10}
    return years[
        choice(
            "Read at", years, "read_at",
            help="Sentences say the share at this time, and tables have it too. Latest: the latest "
            "of 5, 3 and 1 years at which every group is still followed.",
        )
    ]  # fmt: skip
