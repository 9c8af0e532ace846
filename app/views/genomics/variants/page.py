"""One gene's variants along its protein, in one or two groups."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from app.shell.columns import columns, percent
from app.shell.controls.choice import choice, pick
from app.shell.controls.grouping import ChosenGrouping
from app.shell.memory import ask, result_of
from app.shell.session import Looking
from app.shell.show import Frame, show, take_away
from app.shell.tables import draw_table
from app.study.analyses import answer_of
from app.views.genomics.oncoprint.analysis import class_word
from app.views.genomics.page_controls import draw_groups
from app.views.genomics.variants.analysis import GeneVariants, placed_genes

TOGETHER, MIRRORED = "Everyone", "Two groups, mirrored"
_MANY, _ENOUGH = "TP53", 10
_ROW, _TALLEST = 35, 300


def draw_variants(looking: Looking) -> None:
    """Draw the controls, the lollipops and the table."""
    placed = placed_genes(looking.cohort, looking.selection.mask)
    if placed.empty:
        st.info(
            "No variant of the patients selected has a protein change such as p.V617F: the cohort "
            "needs a table of variants with that column."
        )
        return
    left, right = st.columns([3, 8], vertical_alignment="bottom")
    with left:
        genes = [str(gene) for gene in placed.index]
        gene = pick("Gene", genes, "variants_gene", default=_telling(placed))
    with right:
        how = choice("Shown for", [TOGETHER, MIRRORED], "variants_for", quiet=True)
    chosen, groups = _draw_two_groups(looking) if how == MIRRORED else (ChosenGrouping(), [])
    settings = {"gene": gene, "groups": groups}
    question = ask(looking, "genomics.variants", settings, chosen.spec, chosen.arrangement)
    result: GeneVariants = result_of(question)
    answer = answer_of(question, looking.cohort, result)
    show(answer, Frame(*(st.container() for _ in range(3))))
    _draw_table(result)
    take_away(answer, question)


def _telling(placed: pd.Series) -> str:
    """TP53 where it is common enough, for its variants are many; else the leading gene."""
    return _MANY if placed.get(_MANY, 0) >= _ENOUGH else str(placed.index[0])


def _draw_two_groups(looking: Looking) -> tuple[ChosenGrouping, list[str]]:
    chosen = draw_groups(looking)
    if chosen.grouping is None:
        return ChosenGrouping(), []
    sizes = chosen.grouping.sizes(looking.selection.mask)
    names = [name for name, size in zip(chosen.grouping.names, sizes, strict=True) if size]
    if len(names) < 2:
        st.info("Only one of these groups has patients: everyone is shown together.")
        return ChosenGrouping(), []
    if len(names) == 2:
        return chosen, names
    up, down = st.columns(2)
    with up:
        first = pick("Above", names, "variants_above", default=names[0])
    others = [name for name in names if name != first]
    with down:
        second = pick("Below", others, "variants_below", default=others[0])
    return chosen, [first, second]


def _draw_table(result: GeneVariants) -> None:
    table = result.table.assign(
        variant_class=[class_word(name) for name in result.table["variant_class"]]
    )
    order = ["protein_change", "variant_class", "position", "patients", "share"]
    draw_table(
        table.sort_values("patients", ascending=False, kind="stable"),
        key="variants_table",
        height=min(_ROW * (len(table) + 1) + 2, _TALLEST),
        column_order=order if len(result.tested) < 2 else ["group", *order],
        column_config=columns(
            "patients",
            group="Group",
            protein_change="Protein change",
            variant_class="Class",
            position=st.column_config.NumberColumn("Residue", format="%d"),
            share=percent("Of the tested"),
        ),
    )
