"""A database that is asked where it lies: whom to count, and a sample for what needs rows."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from app.cohort.escaping import markdown_escaped
from app.cohort.filters import Filter
from app.cohort.tally import EngineTally
from app.shell.controls.choice import pick, several
from app.shell.escaping import escape_texts_of
from app.shell.layout import bullets
from app.shell.session import (
    DATABASE,
    keep_upload,
    look_at,
    looking_at,
    open_cohort,
    uploads,
)
from app.shell.tables import draw_table
from app.shell.work.engine import engine_answer, forget_answer, held_engine, let_go
from app.study.wording import count
from app.views.tallied.page_parts import Asked
from data_loaders.model import CATEGORIES

_FILTER = "_engine_filter"
_DRAWN, _SAMPLES_HELD = "_engine_samples", 2
_SAMPLES = (1_000, 5_000, 20_000)


def asked_database() -> Asked | None:
    """The database that the session looks at, and whom it counts; None where it looks at rows."""
    held = held_engine()
    if held is None or looking_at().key != DATABASE:
        return None
    return Asked(held.tally, st.session_state.get(_FILTER, Filter()), "engine_by")


def draw_whom() -> None:
    """In the sidebar, where a database is looked at: what it is, whom to count, and its end."""
    asked = asked_database()
    if asked is None or not isinstance(asked.tally, EngineTally):
        return
    tally = asked.tally
    escape_texts_of(looking_at().cohort, _texts(tally))
    st.caption(f"{count(tally.n, 'patient')}, asked where they lie ({tally.source}).")
    st.session_state[_FILTER] = _draw_filter(tally)
    st.button("Close the database", key="engine_close", on_click=let_go)


def draw_understood(tally: EngineTally) -> None:
    """What the loaders made of the table's columns."""
    with st.expander("What was understood of the table"):
        st.caption(
            "Decided by the loaders on a random sample and on the values that each column has, as "
            "for a file."
        )
        held = tally.cohort.variables
        rows = [
            {"Variable": held[n].label, "Kind": held[n].kind, "Unit": held[n].unit or "",
             "Because": held[n].reason}
            for n in tally.columns
        ]  # fmt: skip
        draw_table(pd.DataFrame(rows), key="engine_variables")
        if tally.refused:
            st.markdown("**Not to be had by counting**")
            bullets([markdown_escaped(f"{why}.") for why in tally.refused.values()])


def look_at_sample(asked: Asked) -> None:
    """Have the page look at a random sample that the database draws, and say so.

    Raises
    ------
    CohortError, TallyError
        If nobody is selected, or the database refuses.
    """
    said = st.container()
    place = st.container(horizontal=True, vertical_alignment="bottom")
    with place:
        many = pick(
            "Patients of the sample", _SAMPLES, "engine_sample", default=_SAMPLES[1],
            labels={n: f"{n:,}" for n in _SAMPLES}, width=220,
        )  # fmt: skip
        seed = int(
            st.number_input("Seed", value=1, min_value=0, step=1, key="engine_seed", width=160)
        )
    cohort = engine_answer(
        ("sample", asked.filter, many, seed),
        lambda tally: tally.sample(many, int(seed), asked.filter),
    )
    # Drawn once, it is loaded once: a page runs again at every click.
    here = (key for key, held in uploads().items() if held is cohort)
    key = next(here, "") or keep_upload(cohort)
    _forget_samples(key)
    cohort = open_cohort(key)
    escape_texts_of(cohort, _texts(asked.tally))
    look_at(key, cohort, Filter())
    said.info(f"This page needs rows. {markdown_escaped(cohort.provenance.note)}")


def _forget_samples(key: str) -> None:
    """Let go of the samples before the latest two: every filter draws another."""
    drawn: list[str] = st.session_state.setdefault(_DRAWN, [])
    drawn[:] = [held for held in drawn if held != key] + [key]
    while len(drawn) > _SAMPLES_HELD:
        forget_answer(uploads().pop(drawn.pop(0), None))


def _texts(tally: Any) -> set[str]:
    """What the table's own texts are: names and values, which are no markup in a figure."""
    cohort = tally.cohort
    named = [tally.name, *cohort.features["label"], *(e.label for e in cohort.endpoints.values())]
    values = (value for held in map(tally.levels, tally.columns) for value in held)
    return {
        str(text)
        for text in (*named, *(v.label for v in cohort.variables.values()), *values)
        if text is not None
    }


def _draw_filter(tally: EngineTally) -> Filter:
    """Whom to count: alterations that must be or must not be there, values, and a range."""
    cohort = tally.cohort
    variables = {n: cohort.variables[n] for n in tally.columns}
    variables = {n: v for n, v in variables.items() if v.role != "outcome"}
    labels = {n: str(cohort.features.loc[n, "label"]) for n in tally.alterations}
    clauses: list[dict[str, Any]] = []
    wanted = several("Altered", labels, "engine_with", labels=labels, placeholder="Whatever")
    without = several(
        "Not altered", labels, "engine_without", labels=labels, placeholder="Whatever"
    )
    grouped = [n for n, v in variables.items() if v.kind in CATEGORIES]
    by = st.selectbox(
        "Only some values of", grouped, index=None, key="engine_values_of",
        format_func=lambda n: variables[n].label, placeholder="Any variable",
    )  # fmt: skip
    if by is not None:
        values = st.multiselect(
            "Values", list(tally.levels(by)), key=f"engine_in_{by}", select_all=False
        )
        clauses += [{"column": by, "in": values}] if values else []
    numbers = [n for n, v in variables.items() if v.kind == "numeric"]
    number = st.selectbox(
        "Only a range of", numbers, index=None, key="engine_range_of",
        format_func=lambda n: variables[n].label, placeholder="Any number",
    )  # fmt: skip
    if number is not None:
        unit = variables[number].unit or ""
        low, high = st.columns(2)
        ends = [
            low.number_input(f"From {unit}", value=None, key=f"engine_low_{number}"),
            high.number_input(f"To {unit}", value=None, key=f"engine_high_{number}"),
        ]
        if any(end is not None for end in ends):
            clauses.append({"column": number, "between": ends})
    clauses += [{"altered": name} for name in wanted]
    clauses += [{"not": {"altered": name}} for name in without]
    chosen = Filter.from_dict({"all": clauses}) if clauses else Filter()
    st.caption(f"Counted: {markdown_escaped(chosen.describe(cohort))}.")
    return chosen
