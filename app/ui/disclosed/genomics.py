"""Genomics while disclosure control is on: frequencies, pairs and burden."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from app.analysis.disclosure_tables import (
    alteration_tables,
    burden_table,
    frequency_frame,
    pair_tables,
    table_frame,
)
from app.charts.disclosed import released_bars, released_groups, released_shares
from app.cohort.disclosure import Disclosure, printed
from app.ui.disclosed.parts import (
    draw_released_grouping,
    everyone,
    released_downloads,
    released_figure,
)
from app.ui.session import Looking

_FREQUENCIES, _PAIRS, _BURDEN = "Frequencies", "Together or apart", "Burden"
_MOST = 30


def draw_genomics(looking: Looking, policy: Disclosure) -> None:
    """One of the views that are made of counts."""
    if not len(looking.cohort.features):
        st.info("This cohort has no alterations: the Data page says what was read.")
        return
    if st.session_state.get("genomics") not in {_FREQUENCIES, _PAIRS, _BURDEN}:
        st.session_state.pop("genomics", None)
    view = st.segmented_control(
        "View", [_FREQUENCIES, _PAIRS, _BURDEN], default=_FREQUENCIES, required=True,
        key="genomics", bind="query-params", label_visibility="collapsed",
    )  # fmt: skip
    if view == _PAIRS:
        _draw_pairs(looking, policy)
    elif view == _BURDEN:
        _draw_burden(looking, policy)
    else:
        _draw_frequencies(looking, policy)
    st.caption(
        "The oncoprint, single variants and allele fractions show patients one by one, so they are "
        "not shown under disclosure control."
    )


def _draw_frequencies(looking: Looking, policy: Disclosure) -> None:
    grouping = draw_released_grouping(looking, policy)
    tables = alteration_tables(looking.cohort, grouping, policy, _MOST)
    about = f"about {policy.in_words(looking.selection.n)} patients"
    if len(grouping.names) > 1:
        figure = released_groups(
            tables, grouping.colours, policy,
            title=f"Alterations by {grouping.label}, of the tested, {about}",
            synthetic=looking.synthetic,
        )  # fmt: skip
        unseen = sum(table.counts[0][1] is None for table in tables)
        if unseen:
            st.caption(
                "Alterations with a small count in a group are hidden in every group, so that none "
                "is found by subtraction; the table lists them."
            )
    else:
        figure = released_shares(
            tables, policy, title=f"Alterations, of the tested, {about}",
            synthetic=looking.synthetic,
        )  # fmt: skip
    released_figure(
        looking, policy, figure, partial(frequency_frame, tables),
        key="frequencies", name="frequencies", alt="Share altered of the tested.",
    )  # fmt: skip
    st.dataframe(
        frequency_frame(tables), hide_index=True, key="frequency_table",
        column_config={
            name: st.column_config.NumberColumn(format="percent")
            for name in ("Share", "Lower", "Upper")
        },
    )  # fmt: skip


def _draw_pairs(looking: Looking, policy: Disclosure) -> None:
    rows = []
    for first, second, table in pair_tables(looking.cohort, everyone(looking), policy):
        both, a, b, neither = (row[0] for row in table.counts[:4])
        row = {"First": first, "Second": second}
        row |= {
            "Both": printed(both), "Only the first": printed(a), "Only the second": printed(b),
            "Neither": printed(neither), "Not tested": printed(table.counts[4][0]),
        }  # fmt: skip
        ratio = "–"
        if None not in {both, a, b, neither} and a and b:
            ratio = f"{(both or 0) * (neither or 0) / (a * b):.1f}"
        rows.append(row | {"Odds ratio": ratio})
    frame = pd.DataFrame(rows)
    if frame.empty:
        st.info("Fewer than two alterations have a count that may be shown in these patients.")
        return
    st.dataframe(frame, hide_index=True, key="pairs", height=520)
    st.caption(
        "Patients tested for both; odds ratios are of the rounded counts. A pair with a small cell "
        "is hidden whole, because the two genes' own counts would tell the rest."
    )
    released_downloads(looking, policy, lambda: frame, key="pairs", name="pairs")


def _draw_burden(looking: Looking, policy: Disclosure) -> None:
    grouping = draw_released_grouping(looking, policy)
    table = burden_table(looking.cohort, grouping, policy)
    released_figure(
        looking, policy,
        released_bars(
            table, policy,
            title=f"Alterations a patient, about {policy.in_words(looking.selection.n)} patients",
            synthetic=looking.synthetic,
        ),
        partial(table_frame, [table]), key="burden", name="burden",
        alt="Bars: patients by their number of alterations.",
    )  # fmt: skip
    st.dataframe(table_frame([table]), hide_index=True, key="burden_table")
