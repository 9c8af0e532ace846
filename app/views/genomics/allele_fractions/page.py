"""Allele fractions by gene, and hints of the order in which mutations came."""

from __future__ import annotations

import streamlit as st

from app.shell.controls.choice import pick
from app.shell.layout import figure_with_downloads
from app.shell.memory import ask, result_or_reason
from app.shell.session import Looking
from app.shell.show import Frame, show, take_away
from app.study.analyses import answer_of
from app.study.answer import Answer
from app.views.genomics.allele_fractions.answer import ORDER, ORDER_TITLE, order_reading, reads_high
from app.views.genomics.variants.analysis import MARGIN, MIN_PAIRS, VafSummary

_NUMBERS = [10, 15, 20, 30]


def draw_vaf(looking: Looking) -> None:
    """Draw the allele fractions and the pairs, with what they assume."""
    left, _ = st.columns([3, 10])
    with left:
        most = pick("Genes with most variants", _NUMBERS, "vaf_genes", default=20)
    question = ask(looking, "genomics.allele_fractions", {"most": most})
    result: VafSummary | None = result_or_reason(question)
    if result is None:
        return
    answer = answer_of(question, looking.cohort, result)
    one, two = st.columns(2, gap="large")
    show(answer, Frame(one, one, one))
    with two:
        _draw_order(answer, result)
    take_away(answer, question)


def _draw_order(answer: Answer, result: VafSummary) -> None:
    if ORDER not in answer.figures:
        st.info(
            f"No two genes are mutated together, with allele fractions, in {MIN_PAIRS} patients: "
            "their order cannot be looked at."
        )
        return
    words, high = order_reading(result.pairs), reads_high(result.table["gene"])
    figure_with_downloads(
        answer.figures[ORDER](),
        lambda: result.pairs,
        key="genomics_vaf_order",
        name=("vaf", "order"),
        alt=f"{ORDER_TITLE}. {words}",
    )
    st.markdown(f"- {words}")
    st.caption(
        "A hint, not a proof: the mutation in more cells is likely the earlier one only if both "
        "are heterozygous, lie in one clone, and no copy was lost or gained. Nothing is corrected "
        f"for copy number or uniparental disomy{high}, nor for the X chromosome in men (†). "
        f"Fractions within {100 * MARGIN:.0f} points count as similar; "
        "exact sign test, Benjamini-Hochberg."
    )
