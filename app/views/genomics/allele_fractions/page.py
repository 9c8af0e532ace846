"""Allele fractions by gene, and hints of the order in which mutations came."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app.shell.layout import figure_with_downloads
from app.shell.session import Looking
from app.shell.take_away import TakeAway, draw_take_away
from app.study.figures.theme import framed
from app.study.wording import SIGNIFICANT, count
from app.views.genomics.allele_fractions.figures import order_figure, vaf_figure
from app.views.genomics.page_controls import draw_most
from app.views.genomics.script import vaf_script
from app.views.genomics.variants.analysis import (
    MARGIN,
    MIN_PAIRS,
    VafSummary,
    acquisition_order,
    vaf_summary,
)
from app.views.genomics.words_methods import vaf_methods

_NUMBERS = [10, 15, 20, 30]
_MOST_PAIRS = 20


def draw_vaf(looking: Looking) -> None:
    """Draw the allele fractions and the pairs, with what they assume."""
    left, _ = st.columns([3, 10])
    with left:
        most = draw_most("Genes with most variants", _NUMBERS, 20, key="vaf_genes")
    cohort, mask = looking.cohort, looking.selection.mask
    try:
        summary = vaf_summary(cohort, mask, most)
    except ValueError as error:
        st.info(str(error))
        return
    pairs = acquisition_order(cohort, mask, most)
    title = f"Allele fraction by gene, {count(len(summary.points), 'variant')}"
    figures = {"Figure": framed(vaf_figure(summary), title, synthetic=looking.synthetic)}
    order_title = f"Higher allele fraction of two genes, pairs in {MIN_PAIRS} patients or more"
    shown = pairs.head(_MOST_PAIRS)
    if len(shown):
        figures["Order"] = framed(order_figure(shown), order_title, synthetic=looking.synthetic)
    one, two = st.columns(2, gap="large")
    with one:
        figure_with_downloads(
            figures["Figure"],
            lambda: summary.table,
            key="genomics_vaf",
            name=("vaf",),
            alt=f"{title}. {_reading(summary)}",
        )
        st.markdown(f"- {_reading(summary)}")
        if summary.without:
            st.caption(f"{count(summary.without, 'variant')} without an allele fraction left out.")
    with two:
        _draw_order(figures, pairs, order_title)
    draw_take_away(
        looking,
        TakeAway(
            key="genomics_vaf",
            name=("vaf",),
            figures=figures,
            sheets=lambda: {"Allele fractions": summary.table, "Pairs": pairs},
            methods=vaf_methods(summary, pairs, looking.selection),
            script=lambda: vaf_script(most, cohort, looking.filter),
        ),
    )


def _draw_order(figures: dict[str, go.Figure], pairs: pd.DataFrame, title: str) -> None:
    if "Order" not in figures:
        st.info(
            f"No two genes are mutated together, with allele fractions, in {MIN_PAIRS} patients: "
            "their order cannot be looked at."
        )
        return
    words = order_reading(pairs)
    figure_with_downloads(
        figures["Order"], lambda: pairs, key="genomics_vaf_order", name=("vaf", "order"),
        alt=f"{title}. {words}",
    )  # fmt: skip
    st.markdown(f"- {words}")
    st.caption(
        "A hint, not a proof: the mutation in more cells is likely the earlier one only if both "
        "are heterozygous, lie in one clone, and no copy was lost or gained. Nothing is corrected "
        "for copy number or uniparental disomy (JAK2 with 9p UPD reads high), nor for the X "
        f"chromosome in men (†). Fractions within {100 * MARGIN:.0f} points count as similar; "
        "exact sign test, "
        "Benjamini-Hochberg."
    )


def order_reading(pairs: pd.DataFrame) -> str:
    """The clearest pairs in words."""
    clear = pairs[pairs["q_value"] < SIGNIFICANT].sort_values("p_value", kind="stable").head(3)
    if clear.empty:
        return f"In no pair is one gene's allele fraction higher more often, at q < {SIGNIFICANT}."
    parts = [
        f"{row.a} above {row.b} in {row.a_higher:,} of {row.patients:,} (the reverse in "
        f"{row.b_higher:,})"
        for row in clear.itertuples()
    ]
    return f"Clearest: {'; '.join(parts)}."


def _reading(summary: VafSummary) -> str:
    first, last = summary.table.iloc[0], summary.table.iloc[-1]
    return (
        f"Highest median: {first['gene']} {first['median']:.0%}; lowest: {last['gene']} "
        f"{last['median']:.0%}. Bars are the quartiles, lines the 5th to 95th centile."
    )
