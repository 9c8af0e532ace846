"""One gene's variants along its protein, in one or two groups."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from app.shell.columns import columns, percent
from app.shell.controls.grouping import ChosenGrouping
from app.shell.layout import figure_with_downloads
from app.shell.session import Looking
from app.shell.tables import draw_table
from app.shell.take_away import TakeAway, draw_take_away
from app.study.figures.theme import framed
from app.study.wording import count
from app.views.genomics.oncoprint.analysis import class_word
from app.views.genomics.page_controls import draw_groups
from app.views.genomics.script import lollipop_script
from app.views.genomics.variants.analysis import GeneVariants, gene_variants, placed_genes
from app.views.genomics.variants.figures import lollipop_alt, lollipop_figure
from app.views.genomics.variants.proteins import protein_axis
from app.views.genomics.words_methods import lollipop_methods

TOGETHER, MIRRORED = "Everyone", "Two groups, mirrored"
_MANY, _ENOUGH = "TP53", 10
_ROW, _TALLEST = 35, 300


def draw_variants(looking: Looking) -> None:
    """Draw the controls, the lollipops and the table."""
    cohort, mask = looking.cohort, looking.selection.mask
    placed = placed_genes(cohort, mask)
    if placed.empty:
        st.info(
            "No variant of the patients selected has a protein change such as p.V617F: the cohort "
            "needs a table of variants with that column."
        )
        return
    left, right = st.columns([3, 8], vertical_alignment="bottom")
    with left:
        genes = placed.index.tolist()
        gene = st.selectbox(
            "Gene",
            genes,
            index=genes.index(_telling(placed)),
            key="variants_gene",
            bind="query-params",
        )
        gene = gene if gene in genes else genes[0]
    with right:
        how = st.segmented_control(
            "Shown for",
            [TOGETHER, MIRRORED],
            default=TOGETHER,
            required=True,
            key="variants_for",
            bind="query-params",
            label_visibility="collapsed",
        )
    chosen, groups = _draw_two_groups(looking) if how == MIRRORED else (ChosenGrouping(), [])
    found = gene_variants(
        cohort, mask, gene, grouping=chosen.grouping if groups else None, groups=groups
    )
    furthest = float(found.table["position"].max()) if len(found.table) else 0.0
    protein = protein_axis(gene, furthest)
    title = _title(found)
    figure = framed(lollipop_figure(found, protein), title, synthetic=looking.synthetic)
    figure_with_downloads(
        figure,
        lambda: found.table,
        key="genomics_variants",
        name=("variants", gene),
        alt=lollipop_alt(title, found),
    )
    st.caption(_caption(found, known=protein is not None))
    _draw_table(found)
    draw_take_away(
        looking,
        TakeAway(
            key="genomics_variants",
            name=("variants", gene),
            figures={"Figure": figure},
            sheets=lambda: {"Variants": found.table},
            methods=lollipop_methods(found, protein, looking.selection),
            script=partial(
                lollipop_script, found, cohort, looking.filter,
                chosen if groups else ChosenGrouping(),
            ),
        ),
    )  # fmt: skip


def _telling(placed: pd.Series) -> str:
    """TP53 where it is common enough, for its variants are many; else the leading gene."""
    return _MANY if placed.get(_MANY, 0) >= _ENOUGH else str(placed.index[0])


def _draw_two_groups(looking: Looking) -> tuple[ChosenGrouping, list[str]]:
    chosen = draw_groups(looking)
    if chosen.grouping is None:
        return chosen, []
    sizes = chosen.grouping.sizes(looking.selection.mask)
    names = [name for name, size in zip(chosen.grouping.names, sizes, strict=True) if size]
    if len(names) < 2:
        st.info("Only one of these groups has patients: everyone is shown together.")
        return chosen, []
    picked = names[:2]
    if len(names) > 2:
        up, down = st.columns(2)
        with up:
            first = st.selectbox("Above", names, key="variants_above", bind="query-params")
        others = [name for name in names if name != first]
        with down:
            second = st.selectbox("Below", others, key="variants_below", bind="query-params")
        picked = [first if first in names else names[0], second if second in others else others[0]]
    return chosen, picked


def _title(found: GeneVariants) -> str:
    placed, tested = sum(found.altered.values()), sum(found.tested.values())
    versus = f", {' above, '.join(found.tested)} below" if len(found.tested) > 1 else ""
    return (
        f"{found.gene} variants with a known position, {placed:,} of {count(tested, 'patient')} "
        f"tested{versus}"
    )


def _caption(found: GeneVariants, *, known: bool) -> str:
    text = "A patient with two variants counts at both; the position is the first residue changed."
    if not known:
        text += " The axis is the range observed: no protein is on file for this numbering."
    if found.unplaced:
        text += (
            f" {count(found.unplaced, 'patient')} with variants that name no position (such as an "
            "ITD or a splice site) are not drawn."
        )
    return text


def _draw_table(found: GeneVariants) -> None:
    table = found.table.assign(
        variant_class=[class_word(name) for name in found.table["variant_class"]]
    )
    order = ["protein_change", "variant_class", "position", "patients", "share"]
    draw_table(
        table.sort_values("patients", ascending=False, kind="stable"),
        key="variants_table",
        height=min(_ROW * (len(table) + 1) + 2, _TALLEST),
        column_order=order if len(found.tested) < 2 else ["group", *order],
        column_config=columns(
            "patients",
            group="Group",
            protein_change="Protein change",
            variant_class="Class",
            position=st.column_config.NumberColumn("Residue", format="%d"),
            share=percent("Of the tested"),
        ),
    )
