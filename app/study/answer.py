"""An Answer: what a view says to a Question, as data that is shown, taken away and told alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd
import plotly.graph_objects as go

from app.cohort.filters import Selection
from app.study.accounting import Accounting
from app.study.methods import view_methods
from app.study.question import Question

# Answers about single patients, by their keys: these stay on their page.
OF_ONE_PATIENT = ("similar", "swimmer")


@dataclass(frozen=True, eq=False)
class Answer:
    """What there is to show and to take away; figures and tables are made when they are wanted.

    Parameters
    ----------
    name
        Words of the file names, most general first.
    figures
        What draws each, by what it is called; the first is the answer's figure.
    numbers
        Makes the table behind that figure.
    tables
        Makes the tables of the workbook, which the script prints too, by sheet name.
    tests
        Makes those of the tables that the ledger reads, where the others take their time; it reads
        all where there is none.
    methods
        Paragraphs about what was done; the frame (source, selection, software) is not theirs.
    sentences, notes, cautions
        The result in words; what to know before reading it; where it is not to be trusted.
    told
        What the workbook's first sheet says beside the cohort: endpoint, groups, settings.
    footnote
        How the numbers came about, in a line below everything.
    question
        What it answers, where one question does.
    of_patients
        Names of figures with a mark for each patient: what leaves the page of them is a picture,
        never their numbers.
    """

    key: str
    name: tuple[str, ...]
    title: str
    figures: Mapping[str, Callable[[], go.Figure]]
    numbers: Callable[[], pd.DataFrame]
    alt: str
    accounting: Accounting
    tables: Callable[[], Mapping[str, pd.DataFrame]]
    methods: Sequence[str]
    sentences: Sequence[str] = ()
    notes: Sequence[str] = ()
    cautions: Sequence[str] = ()
    told: Mapping[str, str] = field(default_factory=dict)
    footnote: str = ""
    question: Question | None = None
    of_patients: frozenset[str] = frozenset()
    tests: Callable[[], Mapping[str, pd.DataFrame]] | None = None

    @cached_property
    def figure(self) -> go.Figure:
        """The first figure, drawn once."""
        return next(iter(self.figures.values()))()


def methods_text(answer: Answer, selection: Selection) -> str:
    """The methods of an answer, ready for a manuscript: its own paragraphs in their frame.

    Raises
    ------
    ValueError
        If the answer is of another number of patients than the selection.
    """
    told = answer.accounting
    if told.selected != selection.n:
        raise ValueError(
            f"The result is of {told.selected:,} selected patients, the selection of "
            f"{selection.n:,}: pass the selection that the result was made with."
        )
    return view_methods(selection, told.analysed, answer.methods)
