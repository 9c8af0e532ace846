"""What the Cohort page's pictures say: distributions, completeness, and who each step leaves."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import pandas as pd

from app.cohort.filters import Filter
from app.study.accounting import Accounting
from app.study.analyses import Analysis
from app.study.answer import Answer
from app.study.figures.attrition import attrition_flow, attrition_in_words
from app.study.figures.theme import titled
from app.study.wording import capitalised, count, format_percent
from app.views.cohort.overview.analysis import (
    Categories,
    Histogram,
    completeness,
    distribution,
    in_words,
    labelled,
    numbers_behind,
    ranked_variables,
    selected_alterations,
)
from app.views.cohort.overview.figures import completeness_bars, draw_alterations, draw_distribution
from data_loaders import Cohort
from data_loaders.arrays import Bools

ALTERATIONS = "Alterations"
MOST_ALTERATIONS, MOST_VARIABLES = 25, 9
_LISTED = 6


@dataclass(frozen=True, eq=False)
class Pictures:
    """Distributions of variables and alterations among the selected patients.

    Attributes
    ----------
    found
        One a variable.
    alterations
        Of :func:`app.views.cohort.overview.analysis.selected_alterations`; empty where not asked.
    narrowed
        Whether a filter is in force: the whole cohort is then drawn behind.
    """

    found: tuple[Categories | Histogram, ...]
    alterations: pd.DataFrame
    selected: int
    narrowed: bool


def pictured(
    cohort: Cohort,
    mask: Bools,
    *,
    names: Sequence[str] | None = None,
    most: int = MOST_ALTERATIONS,
) -> Pictures:
    """Who the selected patients are.

    Parameters
    ----------
    names
        Variables, in order; None for the most telling ones.
    most
        How many alterations at most, 0 for none.

    Raises
    ------
    ValueError
        If the cohort does not have a variable, or it cannot be drawn.
    """
    if names is None:
        names = [item.variable.name for item in ranked_variables(cohort)[:MOST_VARIABLES]]
    gone = [name for name in names if name not in cohort.variables]
    if gone:
        raise ValueError(f"{cohort.name} has no variable “{gone[0]}”.")
    return Pictures(
        tuple(distribution(cohort, name, mask) for name in names),
        selected_alterations(cohort, mask, most),
        int(mask.sum()),
        not bool(mask.all()),
    )


def pictures_answer(cohort: Cohort, result: Pictures) -> Answer:
    """The answer of pictures: a figure and a sentence for each, the alterations first."""
    synthetic = cohort.provenance.synthetic
    figures, sentences = {}, []
    table = result.alterations
    if len(table):
        figures[ALTERATIONS] = partial(
            draw_alterations, table, result.selected, narrowed=result.narrowed, synthetic=synthetic
        )
        listed = ", ".join(
            f"{row.label} {row.altered:,} of {row.tested:,}"
            for row in table.head(_LISTED).itertuples()
        )
        sentences.append(f"Altered, of those tested: {listed}.")
    for found in result.found:
        name = found.variable.label
        figures[f"{name} ({found.variable.name})" if name in figures else name] = partial(
            draw_distribution, found, narrowed=result.narrowed, synthetic=synthetic
        )
        sentences.append(f"{labelled(found.variable)}: {in_words(found)}.")
    alone = len(figures) == 1
    if alone and result.found:
        sentences = [f"{capitalised(in_words(result.found[0]))}."]
    name = next(iter(figures), "Nothing to draw")
    title = f"{name if alone else 'Who they are'}, {count(result.selected, 'patient')}"
    known = result.found[0].known if alone and result.found else result.selected
    return Answer(
        key="cohort_pictures",
        name=(name,) if alone else ("who they are",),
        title=title,
        figures=figures,
        numbers=partial(_distributions, result),
        alt=f"{title}. {' '.join(sentences)}",
        accounting=Accounting(
            result.selected, known,
            {"without a value": result.selected - known} if known < result.selected else {},
            verb="are drawn",
        ),
        tables=lambda: {"Distributions": _distributions(result), "Alterations": table},
        tests=dict,
        methods=[
            "Bars are shares of the patients with a value, alterations of the patients tested."
        ],
        sentences=sentences,
    )  # fmt: skip


PICTURES = Analysis(pictured, pictures_answer)


def _distributions(result: Pictures) -> pd.DataFrame:
    tables = [numbers_behind(found) for found in result.found]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def completeness_answer(cohort: Cohort, result: pd.DataFrame) -> Answer:
    """How many have a value, variable by variable."""
    n = int(result["n"].iloc[0]) if len(result) else 0
    title = f"Share with a known value, {count(n, 'patient')}"
    least = ", ".join(f"{row.label} {format_percent(row.share)}" for row in result[:5].itertuples())
    return Answer(
        key="completeness",
        name=("completeness",),
        title=title,
        figures={"Figure": titled(cohort, title, completeness_bars, result)},
        numbers=lambda: result,
        alt=f"Bars. {title}. Least complete: {least}",
        accounting=Accounting(n, n, verb="are counted"),
        tables=lambda: {"Completeness": result},
        methods=["A variable is known where a patient has a value of it."],
        sentences=[f"Least complete: {least}."],
    )


COMPLETENESS = Analysis(completeness, completeness_answer)


def attrition_of(cohort: Cohort, mask: Bools, *, steps: str) -> pd.DataFrame:  # noqa: ARG001
    """Who is left after each step of a filter.

    Parameters
    ----------
    mask
        The patients selected, which are those that the last step leaves.
    steps
        The filter as JSON, see :meth:`app.cohort.filters.Filter.to_dict`.

    Returns
    -------
    DataFrame
        clause, n, excluded, missing; the first row is everyone.
    """
    return Filter.from_dict(json.loads(steps)).apply(cohort).attrition


def attrition_answer(cohort: Cohort, result: pd.DataFrame) -> Answer:
    """The steps of a filter as a flow of patients."""
    left = int(result["n"].iloc[-1])
    return Answer(
        key="attrition",
        name=("attrition",),
        title=f"From {count(cohort.n, 'patient')} to the {left:,} selected",
        figures={"Figure": partial(attrition_flow, result, synthetic=cohort.provenance.synthetic)},
        numbers=lambda: result,
        alt=f"Flow of patients. {attrition_in_words(result)}.",
        accounting=Accounting(left, left, verb="are left"),
        tables=lambda: {"Attrition": result},
        methods=["A patient is kept where every condition is known to hold."],
        sentences=[f"{capitalised(attrition_in_words(result))}."],
    )


ATTRITION = Analysis(attrition_of, attrition_answer)
