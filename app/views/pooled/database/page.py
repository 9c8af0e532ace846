"""The page of a database that is asked where it lies: opened, whom to count, and the answers."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from app.analysis.associations import table_one_of_tally
from app.cohort.colours import BLUE
from app.cohort.escaping import markdown_escaped
from app.cohort.filters import Filter
from app.cohort.groupings import GroupingSpec
from app.cohort.tally import EngineTally, TallyError
from app.shell.controls.choice import choice, pick, several
from app.shell.escaping import escape_texts_of, escaped_figure
from app.shell.layout import bullets, download, figure_with_downloads
from app.shell.session import keep_upload, looking_at
from app.shell.sidebar import open_next
from app.shell.tables import draw_table
from app.shell.take_away import offer_slides
from app.shell.work.engine import engine_answer, held_engine, hold_engine, let_go, why_no_engine
from app.study.figures.theme import framed
from app.study.files.tables import file_stem
from app.study.wording import count, format_p_cell, format_ratio
from app.views.cohort.table_one.words import legend, printed
from app.views.pooled.answer import counts_answer
from app.views.pooled.database.analysis import (
    DatabaseAlterations,
    database_alterations,
    database_groupings,
    database_outcome,
    grouping_words,
)
from app.views.pooled.database.figures import frequencies_figure, outcome_figure
from app.views.pooled.database.words import (
    NOT_HERE,
    alterations_reading,
    outcome_methods,
    outcome_notes,
    outcome_reading,
    outcome_title,
)

COUNTS_OF, OF_DATABASE = "counts_of", "A large database"
_SURVIVAL, _ALTERATIONS, _TABLE = "Survival", "Alterations", "Table one"
_GROUPED = frozenset({"categorical", "ordinal", "binary"})
_SAMPLES = (1_000, 5_000, 20_000)
_SAMPLE_SAID = "_sample_said"
_UNTOLD = "it is of a database, which no step could connect to again"


def draw_database() -> None:
    """Open a database, or show what it says."""
    held = held_engine()
    if held is None:
        _draw_opening()
        return
    tally = held.tally
    escape_texts_of(looking_at().cohort, _texts(tally))
    left, right = st.columns([6, 1], vertical_alignment="center")
    left.markdown(
        f"**{markdown_escaped(tally.name)}**: {count(tally.n, 'patient')}, asked where they lie "
        f"({markdown_escaped(tally.source)})."
    )
    right.button("Close", key="engine_close", on_click=let_go, type="tertiary")
    st.caption("The cohort and the filter in the sidebar are no part of it.")
    if not tally.cohort.endpoints:
        st.info("No pair of a time and an event column was found, so survival cannot be shown.")
    try:
        chosen = _draw_filter(tally)
        shown = choice("Show", (_SURVIVAL, _ALTERATIONS, _TABLE), "engine_show", linked=False)
        if shown == _ALTERATIONS:
            _draw_alterations(tally, chosen)
        elif shown == _TABLE:
            _draw_table_one(tally, chosen)
        elif tally.cohort.endpoints:
            _draw_outcome(tally, chosen)
    except (TallyError, ValueError) as error:
        st.info(markdown_escaped(str(error)))
        chosen = Filter()
    _draw_sample(chosen)
    _draw_understood(tally)


def _texts(tally: EngineTally) -> set[str]:
    """What the table's own texts are: names and values, which are no markup in a figure."""
    cohort = tally.cohort
    named = [tally.name, *cohort.features["label"], *(e.label for e in cohort.endpoints.values())]
    values = (value for held in map(tally.levels, tally.columns) for value in held)
    return {
        str(text)
        for text in (*named, *(v.label for v in cohort.variables.values()), *values)
        if text is not None
    }


def _draw_opening() -> None:
    if refused := why_no_engine():
        st.info(refused)
        return
    st.caption(
        "One row a patient in a DuckDB file, in PostgreSQL or in a folder of Parquet files, of any "
        "size. Only counts leave it, and a sample from which its columns are understood; the "
        "address is kept nowhere."
    )
    with st.form("engine"):
        address = st.text_input(
            "Address", type="password", key="engine_address",
            placeholder="duckdb:///folder/file.duckdb, postgresql://user@host/database or a folder",
        )  # fmt: skip
        table = st.text_input(
            "Table or view (a folder needs none)", key="engine_table", placeholder="patients"
        )
        asked = st.form_submit_button("Ask this table", key="engine_open", type="primary")
    if asked:
        try:
            hold_engine((address or "").strip(), (table or "").strip())
        except TallyError as error:
            st.error(markdown_escaped(str(error)))
            return
        st.rerun()


def _draw_filter(tally: EngineTally) -> Filter:
    """Whom to count: alterations that must be or must not be there, values, and a range."""
    cohort = tally.cohort
    variables = {n: cohort.variables[n] for n in tally.columns}
    variables = {n: v for n, v in variables.items() if v.role != "outcome"}
    labels = {n: str(cohort.features.loc[n, "label"]) for n in tally.alterations}
    clauses: list[dict[str, Any]] = []
    with st.expander("Whom to count"):
        left, right = st.columns(2)
        with left:
            wanted = several(
                "Altered", labels, "engine_with", labels=labels, placeholder="Whatever"
            )
            grouped = [n for n, v in variables.items() if v.kind in _GROUPED]
            by = st.selectbox(
                "Only some values of", grouped, index=None, key="engine_values_of",
                format_func=lambda n: variables[n].label, placeholder="Any variable",
            )  # fmt: skip
            if by is not None:
                values = st.multiselect(
                    "Values", list(tally.levels(by)), key=f"engine_in_{by}", select_all=False
                )
                clauses += [{"column": by, "in": values}] if values else []
        with right:
            without = several(
                "Not altered", labels, "engine_without", labels=labels, placeholder="Whatever"
            )
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


def _named(tally: EngineTally) -> str:
    """What a picture for a story says of what it is."""
    return f"{tally.source}, {count(tally.n, 'patient')} on that day"


def _draw_grouping(tally: EngineTally, *, needed: bool) -> GroupingSpec | None:
    specs = {str(spec): spec for spec in database_groupings(tally)}
    labels = {text: grouping_words(tally, spec) for text, spec in specs.items()}
    options = [*([] if needed else [""]), *specs]
    key = "engine_table_by" if needed else "engine_by"
    text = pick("Compare by", options, key, labels={"": "No groups", **labels})
    return specs.get(text)


def _draw_outcome(tally: EngineTally, chosen: Filter) -> None:
    endpoints = tally.cohort.endpoints
    left, right = st.columns(2)
    with left:
        labels = {key: held.label for key, held in endpoints.items()}
        endpoint = pick("Endpoint", list(endpoints), "engine_endpoint", labels=labels)
    with right:
        spec = _draw_grouping(tally, needed=False)
    result = engine_answer(
        ("outcome", chosen, endpoint, spec),
        lambda asked: database_outcome(asked, chosen, endpoint, spec, BLUE),
    )
    title, sentences = outcome_title(result), outcome_reading(result)
    shown = framed(outcome_figure(result), title, synthetic=False)
    chart, words = st.columns([5, 3], gap="large")
    with chart:
        figure_with_downloads(
            shown,
            partial(_curves_table, result.curves),
            key="engine_curves",
            of=tally.cohort,
            name=(endpoint,),
            alt=f"{title}. " + " ".join(sentences),
        )
    with words:
        st.subheader("In words", anchor=False)
        bullets([markdown_escaped(sentence) for sentence in sentences])
        for note in outcome_notes(result):
            st.caption(markdown_escaped(note))
    methods = outcome_methods(result, tally.source, chosen.describe(tally.cohort))
    with st.expander("How these numbers came about"):
        st.markdown(markdown_escaped(methods))
        download("Methods (TXT)", partial(str, methods), "methods.txt", "engine_methods")
    told = counts_answer(
        "engine", title, {"Figure": escaped_figure(shown)}, partial(_curves_table, result.curves),
        n=sum(curve.n for curve in result.curves.values()), sentences=sentences,
        methods=methods, notes=outcome_notes(result),
    )  # fmt: skip
    offer_slides(told, file_stem(told.key, synthetic=False), _UNTOLD, _named(tally))


def _draw_alterations(tally: EngineTally, chosen: Filter) -> None:
    if not tally.alterations:
        st.info("No 0/1 column was recognised as a gene or a cytogenetic event.")
        return
    result = engine_answer(
        ("alterations", chosen), lambda asked: database_alterations(asked, chosen)
    )
    sentences, title = alterations_reading(result), "Alterations, of the patients tested"
    shown = framed(frequencies_figure(result), title, synthetic=False)
    chart, words = st.columns([5, 3], gap="large")
    with chart:
        figure_with_downloads(
            shown,
            partial(pd.DataFrame, result.frequencies),
            key="engine_frequencies",
            of=tally.cohort,
            name=("alterations",),
            alt=f"{title}. " + " ".join(sentences),
        )
    with words:
        st.subheader("In words", anchor=False)
        bullets([markdown_escaped(sentence) for sentence in sentences])
    told = counts_answer(
        "engine_alterations", title, {"Figure": escaped_figure(shown)},
        partial(pd.DataFrame, result.frequencies),
        n=int(result.frequencies["tested"].max()), sentences=sentences,
        methods=f"Asked where they lie: {tally.source}. {chosen.describe(tally.cohort)}.",
    )  # fmt: skip
    offer_slides(told, file_stem(told.key, synthetic=False), _UNTOLD, _named(tally))
    st.markdown("**Pairs of the most frequent**")
    draw_table(_pairs(result), key="engine_pairs")


def _pairs(result: DatabaseAlterations) -> pd.DataFrame:
    rows = [
        {
            "Pair": f"{result.labels[row.a]} and {result.labels[row.b]}",
            "Tested for both": row.tested, "Both": row.both, "Only the first": row.a_only,
            "Only the second": row.b_only,
            "Odds ratio (95% CI)": format_ratio(row.odds_ratio, row.lower, row.upper),
            "q": format_p_cell(row.q_value),
        }
        for row in result.pairs.sort_values("p_value").itertuples()
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _draw_table_one(tally: EngineTally, chosen: Filter) -> None:
    spec = _draw_grouping(tally, needed=True)
    if spec is None:
        st.info("There is no variable or alteration to compare by.")
        return
    features = tally.alterations[:20]
    table = engine_answer(
        ("table", chosen, spec),
        lambda asked: table_one_of_tally(asked, spec, chosen, features=features),
    )
    draw_table(printed(table), key="engine_table_one")
    st.caption(legend(table))


def _draw_sample(chosen: Filter) -> None:
    said = st.session_state.pop(_SAMPLE_SAID, None)
    if said:
        st.success(markdown_escaped(said))
    with st.expander("A random sample of rows"):
        st.caption(NOT_HERE)
        many = pick("Patients", _SAMPLES, "engine_sample", labels={n: f"{n:,}" for n in _SAMPLES})
        seed = st.number_input("Seed", value=1, min_value=0, step=1, key="engine_seed")
        if st.button("Draw and open it on every page", key="engine_draw"):
            try:
                cohort = engine_answer(
                    ("sample", chosen, many, seed),
                    lambda asked: asked.sample(many, int(seed), chosen),
                )
                open_next(keep_upload(cohort))
            except ValueError as error:
                st.error(markdown_escaped(str(error)))
                return
            st.session_state[_SAMPLE_SAID] = f"{cohort.name} is open on every page now."
            st.rerun()


def _draw_understood(tally: EngineTally) -> None:
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


def _curves_table(curves: Any) -> pd.DataFrame:
    parts = [curve.table.assign(group=name) for name, curve in curves.items()]
    table = pd.concat(parts, ignore_index=True)
    return table[["group", *table.columns.drop("group")]]
