"""Survival of the patients most like one, with that patient's own course marked."""

from __future__ import annotations

import plotly.graph_objects as go

from app.study.figures.theme import INK
from app.study.wording import in_unit
from app.views.patient.similar.outcomes import UNIT, OwnCourse
from app.views.survival.curves.analysis import GroupSurvival
from app.views.survival.curves.figures import survival_figure


def similar_survival_figure(
    result: GroupSurvival, own: OwnCourse | None, *, until: float | None = None
) -> go.Figure:
    """Draw the curve of the nearest patients and, along the foot, the patient's own follow-up.

    Parameters
    ----------
    own
        The patient's own course on this endpoint; None where it is not recorded.
    until
        Months at which the axis ends; None for the whole follow-up. The patient's own course is
        drawn in full.
    """
    end = until if own is None or until is None else max(until, own.months)
    figure = survival_figure(result, UNIT, until=end)
    if own is None:
        return figure
    end = in_unit(own.months, UNIT)
    figure.add_scatter(
        x=[0.0, end],
        y=[0.0, 0.0],
        mode="lines+markers",
        name=own.words(),
        line={"color": INK, "width": 2, "dash": "dot"},
        marker={
            "symbol": ["line-ns-open", "x" if own.event else "triangle-right"],
            "size": [8, 12],
            "color": INK,
        },
        hovertemplate="%{fullData.name}<extra></extra>",
    )
    # The legend got one more line than it was planned with.
    figure.update_layout(
        margin_t=figure.layout.margin.t + 22, height=figure.layout.height + 22, hovermode="closest"
    )
    return figure
