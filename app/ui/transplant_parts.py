"""What the views of the transplant page share: the axis in words, and the take-away."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd
import plotly.graph_objects as go

from app.analysis.exposures import exposure_times
from app.ui.take_away import TakeAway, draw_take_away
from app.ui.transplant_work import Work


def axis_words(work: Work, unit: str = "Years") -> str:
    """What the time axis counts: ``Years since complete remission``."""
    trial = work.trial
    if trial.time_zero is None:
        return f"{unit} of follow-up"
    event = exposure_times(work.looking.cohort, trial.time_zero, trial.endpoint).exposure
    return f"{unit} since {event.noun}"


def take_away(
    work: Work,
    name: str,
    figures: Mapping[str, go.Figure],
    sheets: Callable[[], Mapping[str, pd.DataFrame]],
) -> None:
    """Figures, numbers, methods and script of a view."""
    draw_take_away(
        work.looking,
        TakeAway(
            key=f"transplant_{name}",
            name=("transplant", name),
            figures=figures,
            sheets=lambda: (
                {"Protocol": work.protocol.table, "Steps": work.protocol.steps} | dict(sheets())
            ),
            methods="",
            script=lambda: "",
        ),
    )
