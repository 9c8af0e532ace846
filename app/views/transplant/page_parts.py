"""What the views of the transplant page share: the axis in words, and the take-away."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app.analysis.transplant import Emulation, Microsimulation
from app.cohort.escaping import markdown_escaped
from app.shell.layout import figure_with_downloads
from app.shell.memory import ask
from app.shell.take_away import TakeAway, draw_take_away
from app.study.answer import Answer
from app.study.figures.theme import title_of
from app.study.question import Question
from app.views.transplant.answer_views import TrialView, Viewed, view_answer
from app.views.transplant.page_work import DRAWS, Work, emulated
from app.views.transplant.script import transplant_script
from app.views.transplant.words_methods import protocol_sheets, transplant_methods

_SENTENCES = """<style>
OF td {vertical-align: top;}
OF td:first-child {width: 15%; font-weight: 600;}
OF td:nth-child(2) {width: 32%;}
@media (max-width: 640px) {
  OF thead {display: none;}
  OF table, OF tbody {display: block;}
  OF tr {display: block; padding: .5rem 0; border-bottom: 1px solid rgba(125, 135, 150, .3);}
  OF td:nth-child(n) {display: block; width: 100%; border: none;
    padding: .1rem 0;}
  OF td::before {display: block; font-size: .75rem; opacity: .7;}
  LABELS
}
</style>"""


def wrapped_table(table: pd.DataFrame) -> None:
    """A short table whose words wrap, so that no column is cut off on a phone."""
    words = table.map(lambda value: markdown_escaped(str(value)))
    st.table(words, hide_index=True, border="horizontal")


def sentences_table(table: pd.DataFrame, *, key: str) -> None:
    """A table of sentences under a name each; on a phone its columns stand one below the other."""
    of = f".st-key-{key}"
    labels = " ".join(
        f"{of} td:nth-child({place})::before {{content: {json.dumps(name)};}}"
        for place, name in enumerate(map(str, table.columns), 1)
        if place > 1
    )
    st.html(_SENTENCES.replace("OF", of).replace("LABELS", labels))
    with st.container(key=key):
        wrapped_table(table)


def draw_figure(
    figure: go.Figure,
    numbers: Callable[[], pd.DataFrame],
    says: Iterable[str],
    *,
    key: str,
    kind: str = "",
    name: Sequence[str] = (),
) -> go.Figure:
    """Show a figure of an answer with its downloads; returned as shown, to be taken away.

    Parameters
    ----------
    figure, numbers
        See :func:`app.shell.layout.figure_with_downloads`.
    says, kind
        Of the alternative text, around the title: sentences, which may hold Markdown's asterisks,
        and the kind of figure.
    name
        Words of the file name after "transplant"; those of the key by default.
    """
    words = [f"{kind}." if kind else "", f"{title_of(figure)}.", *says]
    figure_with_downloads(
        figure,
        numbers,
        key=f"transplant_{key}",
        name=("transplant", *(name or (key.replace("_", " "),))),
        alt=" ".join(filter(None, words)).replace("**", ""),
    )
    return figure


def take_away(
    work: Work,
    name: str,
    figures: Mapping[str, go.Figure],
    sheets: Callable[[], Mapping[str, pd.DataFrame]],
    *,
    simulation: Microsimulation | None = None,
    landmarks: Sequence[float] = (),
) -> None:
    """Figures, numbers, methods and script of a view.

    Parameters
    ----------
    figures, sheets
        What can be taken away; the tables are made when they are clicked.
    landmarks
        Landmarks in months, where the view compares at them.
    """
    cohort, trial, protocol = work.looking.cohort, work.trial, work.protocol
    selection = trial.eligibility.apply(cohort)
    settings = replace(work.settings, draws=DRAWS)
    draw_take_away(
        work.looking,
        TakeAway(
            key=f"transplant_{name}",
            name=("transplant", name),
            figures=figures,
            sheets=lambda: {**protocol_sheets(protocol), **sheets()},
            methods=lambda: transplant_methods(
                trial, protocol, selection, emulation=_if_any(work), simulation=simulation
            ),
            script=lambda: transplant_script(
                cohort,
                trial,
                settings,
                landmarks=tuple(landmarks),
                simulation=None if simulation is None else simulation.settings,
            ),
        ),
    )


def answered(work: Work, view: str, found: Viewed = None, **asked: Any) -> tuple[Answer, Question]:
    """The answer of a view that was found, and its question, whose keywords are ``asked``."""
    looking, trial = work.looking, work.trial
    settings = {"trial": trial.to_json(), "view": view, **asked}
    question = ask(looking, "transplant.views", settings)
    shown = TrialView(trial, work.protocol, looking.selection.n, found, asked.get("by", ""))
    return view_answer(looking.cohort, shown), question


def _if_any(work: Work) -> Emulation | None:
    """The emulated trial; None where there is nothing to emulate."""
    try:
        return emulated(work)
    except ValueError:
        return None
