"""What one gene's variants along its protein say, in one or two groups."""

from __future__ import annotations

import pandas as pd

from app.study.analyses import Analysis
from app.study.answer import Answer
from app.study.figures.theme import titled
from app.study.wording import count
from app.views.genomics.variants.analysis import GeneVariants, gene_variants
from app.views.genomics.variants.figures import lollipop_figure
from app.views.genomics.variants.proteins import Protein, protein_axis
from data_loaders import Cohort
from data_loaders.alterations.mutation_rule import RULE


def lollipop_answer(cohort: Cohort, result: GeneVariants) -> Answer:
    """The answer of one gene's variants, ``cohort`` before the filter."""
    furthest = float(result.table["position"].max()) if len(result.table) else 0.0
    protein = protein_axis(result.gene, furthest)
    versus = f", {' above, '.join(result.tested)} below" if len(result.tested) > 1 else ""
    title = (
        f"{result.gene} variants with a known position, {sum(result.altered.values()):,} of "
        f"{count(result.accounting.analysed, 'patient')} tested{versus}"
    )
    reading = _reading(result)
    return Answer(
        key="genomics_variants",
        name=("variants", result.gene),
        title=title,
        figures={"Figure": titled(cohort, title, lollipop_figure, result, protein)},
        numbers=lambda: result.table,
        alt=f"{title}. {reading}",
        accounting=result.accounting,
        tables=lambda: _tables(result),
        methods=[_methods(result, protein)],
        sentences=[reading],
        footnote=_footnote(result, known=protein is not None),
    )


VARIANTS = Analysis(gene_variants, lollipop_answer)


def _reading(result: GeneVariants) -> str:
    """The most frequent changes, with their group where there are two."""
    rows = result.table.sort_values("patients", ascending=False).head(5)
    if rows.empty:
        return "None of its variants has a known position in these patients."
    named = [
        f"{row.protein_change} in {row.patients:,}" + (f" ({row.group})" if row.group else "")
        for row in rows.itertuples()
    ]
    return f"Most frequent: {', '.join(named)}."


def _footnote(result: GeneVariants, *, known: bool) -> str:
    text = "A patient with two variants counts at both; the position is the first residue changed."
    if not known:
        text += " The axis is the range observed: no protein is on file for this numbering."
    if result.unplaced:
        text += (
            f" {count(result.unplaced, 'patient')} with variants that name no position (such as an "
            "ITD or a splice site) are not drawn."
        )
    return text


def _tables(result: GeneVariants) -> dict[str, pd.DataFrame]:
    groups = pd.DataFrame({"tested": result.tested, "with a variant placed": result.altered})
    return {"Variants": result.table, "Groups": groups.rename_axis("group").reset_index()}


def _methods(result: GeneVariants, protein: Protein | None) -> str:
    """Whose variants of which gene, and what the axis is."""
    axis = "The axis is the range of positions observed."
    if protein is not None:
        axis = (
            f"The axis is UniProtKB {protein.accession}, RefSeq {protein.refseq} "
            f"({protein.length:,} residues)."
        )
    return (
        f"Variants of {result.gene} in {result.accounting.analysed:,} patients tested, by the "
        f"first residue of the protein change; {RULE}. {axis}"
    )
