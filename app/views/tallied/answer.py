"""An answer of released counts says so: in its figures, its tables and its notes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import pandas as pd
import plotly.graph_objects as go

from app.cohort.colours import NEUTRAL
from app.cohort.disclosure import ReleasedTally
from app.cohort.tally import PageTally
from app.study.answer import Answer
from app.study.figures.theme import text_at

_ROOM = 22


def as_told(answer: Answer, tally: PageTally, notes: Sequence[str] = ()) -> Answer:
    """The answer of a tally: as of rows, but for what its policy has to say."""
    answer = replace(answer, notes=(*notes, *answer.notes))
    if not isinstance(tally, ReleasedTally):
        return answer
    mark, said = tally.policy.mark, tally.policy.sentence
    return replace(
        answer,
        figures={name: partial(_marked, draw, mark) for name, draw in answer.figures.items()},
        numbers=partial(_saying, answer.numbers, said),
        tables=lambda: {name: table.assign(disclosure_control=said)
                        for name, table in answer.tables().items()},
    )  # fmt: skip


def _saying(numbers: Callable[[], pd.DataFrame], said: str) -> pd.DataFrame:
    return numbers().assign(disclosure_control=said)


def _marked(draw: Callable[[], go.Figure], mark: str) -> go.Figure:
    """The figure with the policy at its foot, where exports have it too."""
    figure = go.Figure(draw())
    below = figure.layout.margin.b or 0
    figure.layout.margin.b = below + _ROOM
    figure.layout.height += _ROOM
    figure.add_annotation(
        text_at(
            mark, xref="paper", yref="paper", x=1, y=0, xanchor="right", yanchor="top",
            yshift=-below, font={"size": 12, "color": NEUTRAL},
        )
    )  # fmt: skip
    return figure
