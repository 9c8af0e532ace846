"""A picture kept in a story: an answer of what no step could ask again, as it was shown.

It is a question of no cohort whose settings hold the answer: the figure, words, numbers, and the
sentence that says of what it is and that it is not computed again. Of figures with a mark for each
patient none is kept.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from app.study.accounting import Accounting
from app.study.analyses import Analysis
from app.study.answer import Answer
from app.study.question import Question
from app.study.story._story import StoryError

KEPT = "story.kept"
# Letters of all that a picture holds; pooled curves by group are 20,000.
_LONGEST = 400_000
# What figures are made of here; others would be fetched from another host.
_KINDS = frozenset(
    {"bar", "contour", "funnel", "heatmap", "sankey", "scatter", "scattergl", "table"}
)


@dataclass(frozen=True)
class Picture:
    """An answer as it was shown.

    Attributes
    ----------
    figure, name
        The figure as JSON, and what it was called.
    said
        The sentence that says of what and of which day it is.
    tables
        By name, as CSV.
    """

    title: str
    figure: str
    name: str
    said: str
    date: str
    alt: str
    analysed: int
    selected: int
    left_out: Mapping[str, int]
    verb: str
    sentences: Sequence[str]
    notes: Sequence[str]
    cautions: Sequence[str]
    methods: Sequence[str]
    tables: Mapping[str, str]


def kept_question(answer: Answer, figure: str, drawn: go.Figure, of: str, why: str) -> Question:
    """The question whose answer is one figure of an answer, as it is now.

    Parameters
    ----------
    figure, drawn
        Which of the answer's figures, and that figure with the texts of the data escaped.
    of
        Of what it is, with fingerprints where there are any: ``the releases of A (1a2b) and B``.
    why
        Why it cannot be computed again, to stand after a colon.

    Raises
    ------
    StoryError
        If the figure has a mark for each patient, or holds too much.
    """
    if figure in answer.of_patients:
        raise StoryError("A figure with a mark for each patient is not kept in a story.")
    date, told = f"{datetime.now(UTC):%Y-%m-%d}", answer.accounting
    picture = Picture(
        title=answer.title, figure=str(drawn.to_json()), name=figure,
        said=f"This is a picture of {date} of {of}, and is not computed again: {why}.",
        date=date, alt=answer.alt, analysed=told.analysed, selected=told.selected,
        left_out=dict(told.left_out), verb=told.verb, sentences=tuple(answer.sentences),
        notes=tuple(answer.notes), cautions=tuple(answer.cautions), methods=tuple(answer.methods),
        tables={name: table.to_csv(index=False) for name, table in answer.tables().items()},
    )  # fmt: skip
    question = Question("", "", KEPT, settings=vars(picture))
    if len(json.dumps(question.settings)) > _LONGEST:
        raise StoryError("This figure holds too much to be kept in a story: take its slide.")
    return question


def kept_picture(**settings: Any) -> Picture:
    """The picture that settings hold.

    Raises
    ------
    StoryError
        If they hold none, or a figure that would fetch something.
    """
    try:
        picture = Picture(**settings)
        figure = json.loads(picture.figure)
        kinds = {trace.get("type", "scatter") for trace in figure["data"]}
        layout = figure["layout"]
        of_all = layout.get("template", {}).get("layout", {})
        images = [held.get("images") for held in (layout, of_all)]
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise StoryError("The picture that this step keeps is damaged.") from error
    if not kinds <= _KINDS or any(images):
        raise StoryError("The picture that this step keeps is none that this app draws.")
    return picture


def picture_answer(picture: Picture) -> Answer:
    """What was shown, as an answer again."""
    tables = partial(_tables, picture)
    return Answer(
        key="kept",
        name=("kept",),
        title=picture.title,
        figures={picture.name: partial(_figure, picture)},
        numbers=lambda: next(iter(tables().values()), pd.DataFrame()),
        alt=picture.alt,
        accounting=Accounting(
            picture.selected, picture.analysed, picture.left_out, verb=picture.verb
        ),
        tables=tables,
        methods=[*picture.methods, picture.said],
        sentences=picture.sentences,
        notes=[picture.said, *picture.notes],
        cautions=picture.cautions,
    )


def _figure(picture: Picture) -> go.Figure:
    return go.Figure(json.loads(picture.figure), skip_invalid=True)


def _tables(picture: Picture) -> dict[str, pd.DataFrame]:
    return {
        name: pd.read_csv(io.StringIO(text), float_precision="round_trip")
        for name, text in picture.tables.items()
    }


KEEPING = Analysis(kept_picture, picture_answer)
