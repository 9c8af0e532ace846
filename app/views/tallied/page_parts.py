"""What the pages of a tally share: whom they ask, by what groups, and how an answer is shown."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import pandas as pd
import streamlit as st

from app.cohort.filters import Filter
from app.cohort.groupings import CUT, MEDIAN, QUARTILES, Cut, GroupingSpec
from app.cohort.tally import EngineTally, PageTally, TallyError
from app.shell.controls.choice import choice, pick
from app.shell.controls.views import control_of
from app.shell.layout import download, figure_with_downloads
from app.shell.links import EVERYONE, GROUP, spec_label
from app.shell.show import Frame, frame, show
from app.shell.take_away import offer_slides
from app.shell.work.engine import engine_answer
from app.study.analyses import views_of
from app.study.answer import Answer
from app.study.files.tables import file_stem
from app.study.wording import capitalised, count
from app.views.tallied.answer import as_told
from data_loaders.model import CATEGORIES

T = TypeVar("T")
_UNTOLD = "a step could not connect to the database again"


@dataclass(frozen=True, eq=False)
class Asked:
    """The tally that a page is drawn from, and whom it selects.

    Attributes
    ----------
    key
        Under which the groups are chosen.
    """

    tally: PageTally
    filter: Filter
    key: str = GROUP

    @property
    def source(self) -> str:
        """Whose counts these are, and how they were had."""
        if isinstance(self.tally, EngineTally):
            return (
                f"Patients were counted where their rows lie ({self.tally.source}): estimates from "
                "counts by group, distinct time and end of follow-up are those of the rows."
            )
        return f"Released counts of {self.tally.name}."

    def ask(self, what: Hashable, make: Callable[[PageTally], T]) -> T:
        """What a tally says; a database is asked once, and meanwhile the page can be stopped."""
        if isinstance(self.tally, EngineTally):
            return engine_answer((what, self.filter), make)
        return make(self.tally)


def draw_view(asked: Asked, page: str, counted: Sequence[str]) -> str:
    """The choice among the views that counts have; of a database also those of a sample's rows."""
    views = views_of(page) if asked.tally.exact else counted
    return choice("View", views, control_of(page), quiet=True, wrap=True)


def draw_groups(asked: Asked, *, needed: bool = False) -> GroupingSpec | None:
    """The control of the groups; None for everyone together.

    Parameters
    ----------
    needed
        Whether everyone together is no choice.
    """
    tally = asked.tally
    held = tally.cohort.variables
    names = [n for n in tally.columns if held[n].role != "outcome"]
    specs = [GroupingSpec("variable", n) for n in names if held[n].kind in CATEGORIES]
    specs += [GroupingSpec("alteration", name) for name in tally.alterations]
    for rule in (MEDIAN, QUARTILES):
        cut = [name for name in names if held[name].kind == "numeric"]
        specs += [GroupingSpec(CUT, str(Cut(name, rule))) for name in cut]
    specs = [s for s in specs if s.kind == CUT or tally.may_ask(asked.filter, s.name)]
    options = {str(spec): spec for spec in specs}
    labels = {text: _words(tally, spec) for text, spec in options.items()}
    first = [] if needed else [EVERYONE]
    if not options:
        return None
    last = [*options, *first] if asked.key == GROUP else [*first, *options]
    key = f"{asked.key}_needed" if needed else asked.key
    if st.session_state.get(key) not in last:
        st.session_state.pop(key, None)
    chosen = pick("Compare by", last, key, labels={EVERYONE: "Everyone together", **labels})
    spec = options.get(chosen)
    if spec is not None and not tally.exact:
        try:
            tally.grouping(spec, asked.filter)
        except TallyError as error:
            st.info(f"{error} Everyone is shown together.")
            return None
    return spec


def show_answer(
    asked: Asked, answer: Answer, notes: tuple[str, ...] = (), place: Frame | None = None
) -> None:
    """The answer's figure and words, where a page laid them out, and what can be taken away."""
    answer = as_told(answer, asked.tally, notes)
    show(answer, place or frame(), of=asked.tally.cohort)
    take_away_counts(asked, answer)


def draw_figures(asked: Asked, answer: Answer, columns: int) -> None:
    """Every figure of an answer, side by side, its words and what is taken away below."""
    answer = as_told(answer, asked.tally)
    places = st.container(key=f"small_charts_{answer.key}").columns(columns, gap="large")
    for position, (name, draw) in enumerate(answer.figures.items()):
        with places[position % columns]:
            figure_with_downloads(
                draw(), partial(_numbers, answer, name), key=f"{answer.key}_{position}",
                name=(name,), alt=f"Bars: {name}.", of=asked.tally.cohort,
            )  # fmt: skip
    take_away_counts(asked, answer)


def _numbers(answer: Answer, figure: str) -> pd.DataFrame:
    """The numbers behind one of several figures."""
    return answer.tables().get(figure, answer.numbers())


def take_away_counts(asked: Asked, answer: Answer) -> None:
    """Numbers and methods; of a database slides too."""
    cohort = asked.tally.cohort
    synthetic = cohort.provenance.synthetic
    stem = file_stem(cohort.name, *answer.name, synthetic=synthetic)
    patients = asked.filter.describe(cohort)
    methods = " ".join([f"{asked.source} {capitalised(patients)}.", *filter(None, answer.methods)])

    def workbook() -> bytes:
        from app.study.files.workbook import to_xlsx  # a library that only a click needs

        tables: dict[str, pd.DataFrame] = dict(answer.tables())
        return to_xlsx(tables, cohort.provenance, patients, {"Methods": methods})

    with st.expander("Take it away: numbers and methods"):
        with st.container(horizontal=True):
            download("Numbers (XLSX)", workbook, f"{stem}.xlsx", f"{answer.key}_xlsx")
            if asked.tally.exact:
                text = partial(str, methods)
                download("Methods (TXT)", text, f"{stem}_methods.txt", f"{answer.key}_txt")
        st.markdown(methods)
    if isinstance(asked.tally, EngineTally):
        of = f"{asked.tally.source}, {count(asked.tally.n, 'patient')} on that day"
        offer_slides(answer, stem, _UNTOLD, of)
    if answer.footnote:
        st.caption(answer.footnote)


def _words(tally: PageTally, spec: GroupingSpec) -> str:
    """A grouping as a choice: ``Diagnosis``, ``TP53``, ``Age at diagnosis, quartiles``."""
    if spec.kind == CUT:
        cut = Cut.parse(spec.name)
        return f"{tally.cohort.variables[cut.column].label}, {cut.rule}"
    return spec_label(tally.cohort, spec)
