"""Home and Cohort while disclosure control is on."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from app.analysis.disclosure_curves import released_curves
from app.analysis.disclosure_table_one import table_one_frame
from app.analysis.disclosure_tables import (
    ReleasedTable,
    alteration_tables,
    completeness_tables,
    frequency_frame,
    number_row,
    table_frame,
    variable_table,
)
from app.analysis.distributions import ranked_variables
from app.analysis.wording import mid_sentence
from app.charts.disclosed import released_bars, released_shares
from app.cohort.disclosure import Disclosure, printed
from app.ui.disclosed.parts import (
    draw_released_grouping,
    everyone,
    released_downloads,
    released_figure,
)
from app.ui.disclosed.words import steps_frame
from app.ui.home import draw_provenance
from app.ui.session import Looking
from app.ui.sidebar import filter_columns

_FIRST, _MOST = 8, 20
_ALTERATIONS = 12
_PICTURES, _TABLE, _STEPS, _KNOWN = "Who they are", "Table one", "Step by step", "Completeness"


def draw_home(looking: Looking, policy: Disclosure) -> None:
    """Tiles, disease and leading alterations."""
    _draw_tiles(looking, policy)
    left, right = st.columns(2, gap="large")
    disease = filter_columns(looking.cohort).disease
    with left:
        if disease is None:
            st.info("No diagnosis column was recognised; the Data page lists what was read.")
        else:
            _draw_picture(looking, policy, disease.name)
    with right:
        _draw_alterations(looking, policy)
    draw_provenance(looking)


def draw_cohort(looking: Looking, policy: Disclosure) -> None:
    """Distributions, table one, the steps of the filter, completeness."""
    view = st.segmented_control(
        "View", [_PICTURES, _TABLE, _STEPS, _KNOWN], default=_PICTURES, required=True,
        key="cohort_view", bind="query-params", label_visibility="collapsed",
    )  # fmt: skip
    if view == _TABLE:
        _draw_table_one(looking, policy)
    elif view == _STEPS:
        st.dataframe(steps_frame(looking, policy), hide_index=True, key="attrition_released")
        st.caption(
            f"A step that takes out fewer than {policy.threshold} patients is told together with "
            "the next."
        )
    elif view == _KNOWN:
        tables = completeness_tables(looking.cohort, everyone(looking), policy)
        released_figure(
            looking, policy,
            released_shares(
                [_of_all(table) for table in tables], policy,
                title=f"Share with a known value, {_about(looking, policy)}",
                synthetic=looking.synthetic,
            ),
            partial(table_frame, tables),
            key="completeness", name="completeness", alt="Bars: share known of each variable.",
        )  # fmt: skip
    else:
        _draw_tiles(looking, policy)
        names = [item.variable.name for item in ranked_variables(looking.cohort)]
        left, right = st.columns(2, gap="large")
        for position, name in enumerate(names[:_FIRST]):
            with (left, right)[position % 2]:
                _draw_picture(looking, policy, name)
        _draw_alterations(looking, policy)
    st.caption(
        "Not offered here: filters by a click, by several conditions or by identifiers, which "
        "disclosure control cannot answer safely."
    )


def _draw_tiles(looking: Looking, policy: Disclosure) -> None:
    cohort, group = looking.cohort, everyone(looking)
    tiles = st.columns(4)
    tiles[0].metric("Patients, about", policy.in_words(looking.selection.n), border=True)
    age = filter_columns(cohort).age
    words = "–" if age is None else number_row(cohort, age.name, group, policy).words[0]
    tiles[1].metric("Median age (quartiles)", words, border=True)
    curves = None
    if cohort.endpoints:
        curves = released_curves(cohort, next(iter(cohort.endpoints)), group, policy).curves
    curve = curves[0] if curves else None
    median = "–" if curve is None else "not reached"
    if curve is not None and curve.median is not None:
        median = f"{curve.median / 12:.1f} years"
    label = next((e.label for e in cohort.endpoints.values()), "Survival")
    tiles[2].metric(f"Median {mid_sentence(label)}", median, border=True)
    tiles[3].metric(
        "Events, about", "–" if curve is None else printed(curve.events), border=True
    )  # fmt: skip


def _draw_picture(looking: Looking, policy: Disclosure, name: str) -> None:
    table = variable_table(looking.cohort, name, everyone(looking), policy)
    released_figure(
        looking, policy,
        released_bars(
            table, policy, title=f"{table.label}, {_about(looking, policy)}",
            synthetic=looking.synthetic,
        ),
        partial(table_frame, [table]),
        key=f"picture_{name}", name=name, alt=f"Bars: {table.label}.",
    )  # fmt: skip


def _draw_alterations(looking: Looking, policy: Disclosure) -> None:
    tables = alteration_tables(looking.cohort, everyone(looking), policy, _ALTERATIONS)
    if not tables:
        st.info("This cohort has no alterations.")
        return
    released_figure(
        looking, policy,
        released_shares(
            tables, policy, title=f"Most frequent alterations, {_about(looking, policy)}",
            synthetic=looking.synthetic,
        ),
        partial(frequency_frame, tables),
        key="alterations", name="alterations", alt="Bars: share altered of the tested.",
    )  # fmt: skip


def _draw_table_one(looking: Looking, policy: Disclosure) -> None:
    grouping = draw_released_grouping(looking, policy)
    names = [item.variable.name for item in ranked_variables(looking.cohort)][:_MOST]
    frame: pd.DataFrame = table_one_frame(looking.cohort, names, grouping, policy, _ALTERATIONS)
    st.dataframe(frame, hide_index=True, key="table_one", height=min(35 * (len(frame) + 1), 900))
    st.caption(
        "Numbers are median (quartiles) to two digits; categories n (% of those known). p to one "
        "digit, by rank or chi-square, only where no cell is hidden and each group has 10 patients."
    )
    released_downloads(looking, policy, lambda: frame, key="table_one", name="table-one")


def _of_all(table: ReleasedTable) -> ReleasedTable:
    """The same counts with everyone as the denominator, none of them missing."""
    return ReleasedTable(
        table.label, (*table.levels, ""), table.groups, (*table.counts, (0,)), table.sizes
    )


def _about(looking: Looking, policy: Disclosure) -> str:
    return f"about {policy.in_words(looking.selection.n)} patients"
