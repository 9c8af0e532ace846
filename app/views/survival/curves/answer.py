"""What Kaplan-Meier curves say: the answer of survival by group."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pandas as pd

from app.study.accounting import Accounting
from app.study.analyses import Analysis
from app.study.answer import Answer
from app.study.figures.theme import titled
from app.study.wording import MONTHS_PER_YEAR, TimeUnit
from app.views.survival.curves.analysis import GroupSurvival, survival_by_group, years_with
from app.views.survival.curves.contrasts import (
    USUAL_TIMES,
    USUALLY_GIVEN,
    AskedTimes,
    common_horizon,
    conditional_sheet,
    differences_sheet,
    means_sheet,
)
from app.views.survival.curves.figures import survival_alt, survival_figure
from app.views.survival.curves.figures_log_minus_log import log_minus_log_figure
from app.views.survival.curves.words import (
    cautions,
    numbers_table,
    reading,
    summary_sheet,
    survival_title,
)
from app.views.survival.curves.words_methods import survival_methods
from app.views.survival.curves.words_sheets import tests_sheet, told
from data_loaders import Cohort


def survival_answer(
    cohort: Cohort,
    result: GroupSurvival,
    *,
    unit: TimeUnit = "years",
    log_minus_log: bool = False,
    falling: bool = True,
    band: bool = True,
    marks: bool = True,
    full_table: bool = False,
    until: float | None = None,
    read_at: int | None = None,
    times: Sequence[float] | None = None,
    horizon: float | None = None,
    given: float = USUALLY_GIVEN,
    further: Sequence[float] = USUAL_TIMES,
) -> Answer:
    """The answer of survival by group.

    Parameters
    ----------
    unit
        Unit of all times told; those of the other parameters are in months.
    log_minus_log
        Whether the curves are drawn on the scale on which proportional hazards run parallel.
    falling, band, marks, full_table, until
        How they are drawn else: see :func:`app.views.survival.curves.figures.survival_figure`.
    read_at
        The year at which the curves are read in words, and one more in the tables; None for the
        latest of 5, 3 and 1 at which every group is followed.
    times
        At which the groups are compared; None for those years.
    horizon
        Of the restricted means; None for the longest that the groups share.
    given, further
        Already lived without the event, and the further times asked about.
    """
    if times is None:
        times = [MONTHS_PER_YEAR * year for year in years_with(read_at)]
    asked = AskedTimes(
        times, common_horizon(result) if horizon is None else horizon, given, further
    )
    sentences = reading(result, read_at)
    title = survival_title(result)
    draw = partial(
        survival_figure, result, unit, band=band, marks=marks, full_table=full_table,
        falling=falling, until=until,
    )  # fmt: skip
    if log_minus_log:
        title = f"{title}, log-minus-log"
        draw = partial(log_minus_log_figure, result, unit)
    return Answer(
        key="km",
        name=(result.endpoint.key, result.label),
        title=title,
        figures={"Figure": titled(cohort, title, draw)},
        numbers=partial(numbers_table, result, unit),
        alt=survival_alt(title, result, sentences),
        accounting=Accounting.of(result.outcome, "are in the curves"),
        tables=partial(_tables, result, unit, asked, read_at),
        tests=partial(_tests, result),
        methods=survival_methods(result, unit, asked),
        sentences=sentences,
        notes=result.notes,
        cautions=cautions(result, unit),
        told=told(result.outcome, result.label),
        footnote=(
            f"Kaplan-Meier with 95% {result.conf_type} intervals; a median is the first time at "
            "which half had the event. How each number is computed is on the Methods page."
        ),
    )


CURVES = Analysis(survival_by_group, survival_answer)


def _tables(
    result: GroupSurvival, unit: TimeUnit, asked: AskedTimes, read_at: int | None
) -> dict[str, pd.DataFrame]:
    tests = _tests(result)
    sheets = {
        "Summary": summary_sheet(result, unit, read_at),
        "Tests": tests.pop("Tests"),
        "Curves": numbers_table(result, unit),
    }
    if result.drawn:
        sheets["Differences"] = differences_sheet(result, asked.times, unit)
        if asked.horizon > 0:
            sheets["Restricted mean"] = means_sheet(result, asked.horizon, unit)
        sheets["Given survival so far"] = conditional_sheet(
            result, asked.given, asked.further, unit
        )
    return {name: sheet for name, sheet in (sheets | tests).items() if len(sheet)}


def _tests(result: GroupSurvival) -> dict[str, pd.DataFrame]:
    """The tests; differences and restricted means compare the same groups again."""
    sheets = {"Tests": tests_sheet(result)}
    if result.pairwise is not None:
        sheets["Pairs"] = result.pairwise
    return sheets
