"""What allele fractions say, and what they hint of the order in which mutations came."""

from __future__ import annotations

import pandas as pd

from app.study.accounting import Accounting
from app.study.analyses import Analysis
from app.study.answer import Answer
from app.study.figures.theme import titled
from app.study.wording import SIGNIFICANT, count
from app.views.genomics.allele_fractions.figures import order_figure, vaf_figure
from app.views.genomics.variants.analysis import MARGIN, MIN_PAIRS, VafSummary, vaf_summary
from data_loaders import Cohort
from data_loaders.alterations.mutation_rule import RULE

ORDER = "Order"
ORDER_TITLE = f"Higher allele fraction of two genes, pairs in {MIN_PAIRS} patients or more"
_MOST_PAIRS = 20


def vaf_answer(cohort: Cohort, result: VafSummary) -> Answer:
    """The answer of the allele fractions, ``cohort`` before the filter."""
    title = f"Allele fraction by gene, {count(len(result.points), 'variant')}"
    first, last = result.table.iloc[0], result.table.iloc[-1]
    reading = (
        f"Highest median: {first['gene']} {first['median']:.0%}; lowest: {last['gene']} "
        f"{last['median']:.0%}. Bars are the quartiles, lines the 5th to 95th centile."
    )
    figures = {"Figure": titled(cohort, title, vaf_figure, result)}
    if len(result.pairs):
        shown = result.pairs.head(_MOST_PAIRS)
        figures[ORDER] = titled(cohort, ORDER_TITLE, order_figure, shown)
    without = f"{count(result.without, 'variant')} without an allele fraction left out."
    return Answer(
        key="genomics_vaf",
        of_patients=frozenset({"Figure"}),
        name=("vaf",),
        title=title,
        figures=figures,
        numbers=lambda: result.table,
        alt=f"{title}. {reading}",
        accounting=Accounting(result.selected, result.selected),
        tables=lambda: {"Allele fractions": result.table, "Pairs": result.pairs},
        methods=[_methods(result)],
        sentences=[reading],
        footnote=without if result.without else "",
    )


ALLELE_FRACTIONS = Analysis(vaf_summary, vaf_answer)


# Genes whose allele fraction a lost or copied arm raises, and by what.
_READ_HIGH = {"JAK2": "JAK2 with 9p UPD", "TP53": "TP53 beside a lost 17p"}


def reads_high(genes: pd.Series) -> str:
    """The example, in brackets, of a gene shown that reads high; empty where there is none."""
    example = next((text for gene, text in _READ_HIGH.items() if (genes == gene).any()), "")
    return f" ({example} reads high)" if example else ""


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


def _methods(result: VafSummary) -> str:
    """Which allele fractions were looked at, and what a comparison of two assumes."""
    text = (
        f"Variant allele fractions of {len(result.points):,} variants in "
        f"{len(result.table):,} genes; {RULE}."
    )
    if len(result.pairs):
        text += (
            " In patients with mutations of both of two genes the larger allele fractions were "
            f"compared ({len(result.pairs):,} pairs of genes in at least {MIN_PAIRS} patients; "
            f"fractions within {100 * MARGIN:.0f} points counted as similar; exact sign test; "
            "Benjamini & Hochberg 1995). A higher fraction hints at an earlier mutation under the "
            "assumptions of heterozygous mutations in one clone without changes of copy number; "
            "nothing was corrected for copy number, uniparental disomy or the X chromosome in men."
        )
    return text
