"""What groups side by side say: clinical differences, alterations and survival in one answer."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pandas as pd
import plotly.graph_objects as go

from app.study.accounting import Accounting
from app.study.analyses import Analysis
from app.study.answer import Answer
from app.study.figures.bars import share_bars
from app.study.figures.theme import framed, titled
from app.views.cohort.table_one.words import numbers
from app.views.compare.analysis import Comparison, Enrichment, compare_groups, enrichment
from app.views.compare.figures import differences_figure, enrichment_figure
from app.views.compare.words import (
    clinical_reading,
    comparison_methods,
    comparison_title,
    contrast_title,
    enrichment_reading,
    survival_reading,
)
from app.views.genomics.frequencies.figures import frequency_figure
from app.views.survival.curves.analysis import GroupSurvival
from app.views.survival.curves.figures import survival_figure
from app.views.survival.curves.words import numbers_table, summary_sheet, survival_title
from app.views.survival.curves.words_sheets import tests_sheet, told
from data_loaders import Cohort

DIFFERENT = "Most different alterations"
_LEADING, _DOTS = 10, 10


def comparison_answer(
    cohort: Cohort,
    result: Comparison,
    *,
    until: float | None = None,
    contrast_of: str | None = None,
) -> Answer:
    """The answer of groups side by side, each matter with its leading figure.

    Parameters
    ----------
    contrast_of
        The group whose alterations are compared with the others'; None for the first.
    """
    contrast, survival = result.contrast, result.survival
    if contrast_of is not None and result.frequencies is not None:
        contrast = enrichment(result.frequencies, contrast_of)
    title = comparison_title("Clinical differences", result)
    sentences = [clinical_reading(result.ranked, result.table.names)]
    figures: dict[str, Callable[[], go.Figure]] = {
        "Clinical": partial(draw_differences, result, _LEADING)
    }
    if survival is not None:
        figures["Survival"] = titled(
            cohort, survival_title(survival), survival_figure, survival, band=False, until=until
        )
    if contrast is not None and result.frequencies is not None:
        sentences.append(enrichment_reading(contrast))
        if contrast.n_tested:
            figures["Alterations"] = titled(
                cohort, contrast_title(contrast), enrichment_figure, contrast, result.colours
            )
        figures["Frequencies"] = titled(
            cohort, comparison_title(DIFFERENT, result),
            frequency_figure, result.frequencies, most_different(contrast),
        )  # fmt: skip
    if survival is not None:
        sentences.append(survival_reading(survival))
    figures["Sizes"] = titled(cohort, comparison_title("Patients", result), _sizes, result)
    left_out = result.table.left_out
    accounting = Accounting(result.table.n + sum(left_out.values()), result.table.n, left_out)
    return Answer(
        key="compare",
        name=("compare", result.grouping.label),
        title="Groups compared",
        figures=figures,
        numbers=lambda: result.ranked,
        alt=f"{title}. {sentences[0]}",
        accounting=accounting,
        tables=partial(_tables, result),
        tests=partial(_tests, result),
        methods=comparison_methods(result, accounting),
        sentences=sentences,
        told={} if survival is None else told(survival.outcome, survival.label),
    )


COMPARISON = Analysis(compare_groups, comparison_answer)


def draw_differences(result: Comparison, most: int) -> go.Figure:
    """The clinical differences, with a direction where there are two groups."""
    colours = result.colours if len(result.names) == 2 else {}
    drawn = differences_figure(result.ranked, colours=colours, most=most)
    title = comparison_title("Clinical differences", result)
    return framed(drawn, title, synthetic=result.cohort.provenance.synthetic)


def most_different(contrast: Enrichment) -> list[str]:
    """The alterations that differ most, as many as a figure of all groups has rows for.

    Where none was compared, those that the groups are made of.
    """
    table = contrast.table
    compared = table[table["note"] == ""]
    if compared.empty:
        apart = (table["frequency"] - table["others_frequency"]).abs()
        compared = table.loc[apart.sort_values(ascending=False).index]
    return [str(name) for name in compared["feature"].head(_DOTS)]


def _sizes(result: Comparison) -> go.Figure:
    grouping, n = result.grouping, sum(result.sizes)
    return share_bars(
        grouping.names, result.sizes, [n] * len(result.sizes), grouping.colours,
        of="patients compared",
    )  # fmt: skip


def survival_tables(survival: GroupSurvival, number: str = "") -> dict[str, pd.DataFrame]:
    """Sheets of survival by group.

    Parameters
    ----------
    number
        What tells the sheets of several apart.
    """
    return {
        f"Survival{number}": summary_sheet(survival, "years"),
        f"Tests{number}": tests_sheet(survival),
        f"Curves{number}": numbers_table(survival, "years"),
    }


def _tables(result: Comparison) -> dict[str, pd.DataFrame]:
    tables = {"Clinical": result.ranked, "Clinical numbers": numbers(result.table)}
    if result.contrast is not None:
        tables["Alterations"] = result.contrast.table
    if result.survival is not None:
        tables |= survival_tables(result.survival)
    return tables


def _tests(result: Comparison) -> dict[str, pd.DataFrame]:
    """The tests; the clinical numbers print those of the clinical variables again."""
    sheets = {"Clinical": result.ranked}
    if result.contrast is not None:
        sheets["Alterations"] = result.contrast.table
    if result.survival is not None:
        sheets["Tests"] = tests_sheet(result.survival)
    return sheets
