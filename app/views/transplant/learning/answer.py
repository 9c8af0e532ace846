"""Immortal time as an answer: of simulated patients alone, so that no cohort is asked."""

from __future__ import annotations

from functools import partial

import pandas as pd
import plotly.graph_objects as go

from app.study.accounting import Accounting
from app.study.analyses import Analysis
from app.study.answer import Answer
from app.study.figures.theme import framed
from app.study.wording import count
from app.views.transplant.learning.figures import immortal_figure
from app.views.transplant.learning.immortal import MEDIAN_SURVIVAL, ImmortalTime, immortal_time


def immortal_answer(found: ImmortalTime) -> Answer:
    """The answer of a transplant that does nothing."""
    title = f"A wait of {found.months_waited:g} months, {count(found.n, 'patient')}"
    return Answer(
        key="transplant_immortal",
        name=("immortal", "time"),
        title=title,
        figures={"Figure": partial(_figure, found, title)},
        numbers=partial(_curves, found),
        alt=f"Survival curves. {title}. {found.sentence}",
        accounting=Accounting(found.n, found.n, verb="are simulated"),
        tables=lambda: {"Curves": _curves(found)},
        methods=[
            f"SYNTHETIC DATA: {count(found.n, 'patient')} were simulated with a median survival "
            f"of {MEDIAN_SURVIVAL:g} months, transplanted or not; half were meant for a transplant "
            f"after a wait of {found.months_waited:g} months on average. Ever against never "
            "transplanted is compared naively, and by Cox's model with time-dependent exposure."
        ],
        sentences=[f"{one.rstrip('.')}." for one in found.sentence.split(". ")],
    )


def _figure(found: ImmortalTime, title: str) -> go.Figure:
    return framed(immortal_figure(found), title, synthetic=True)


def _curves(found: ImmortalTime) -> pd.DataFrame:
    named = {"Without transplant": found.without, "With transplant": found.with_transplant}
    return pd.concat([km.table.assign(group=name) for name, km in named.items() if km is not None])


IMMORTAL = Analysis(immortal_time, immortal_answer)
