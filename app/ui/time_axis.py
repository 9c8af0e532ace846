"""Where the time axis of curves ends, and the click that shows the whole follow-up."""

from __future__ import annotations

import streamlit as st

from app.analysis.supported import FEWEST_AT_RISK, SHARE_AT_RISK
from app.analysis.wording import TimeUnit, format_time

WHOLE = "whole_axis"


def draw_axis_end(supported: float, last: float, unit: TimeUnit = "years") -> float | None:
    """Say where the axis ends, and offer the rest.

    Parameters
    ----------
    supported
        Months until which enough patients are at risk.
    last
        End of the longest follow-up in months.
    unit
        Unit of the axis.

    Returns
    -------
    float or None
        Months at which the axis ends; None for the whole follow-up.
    """
    end, whole = format_time(supported, unit), format_time(last, unit)
    if supported >= last or end == whole:
        return None
    shown = st.toggle(
        f"Whole follow-up, to {whole} {unit}",
        key=WHOLE,
        bind="query-params",
        help="For the figure only: every table and test uses all of it.",
    )
    few = f"fewer than {SHARE_AT_RISK:.0%} or {FEWEST_AT_RISK} patients are at risk in every group"
    st.caption(
        f"Beyond {end} {unit} {few}: do not read the curves there."
        if shown
        else f"The axis ends at {end} {unit}: later, {few}."
    )
    return None if shown else supported
