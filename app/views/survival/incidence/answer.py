"""What competing risks say: the answer of cumulative incidence by group."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pandas as pd
import plotly.graph_objects as go

from app.study.accounting import Accounting
from app.study.analyses import Analysis
from app.study.answer import Answer
from app.study.figures.theme import titled
from app.study.wording import TimeUnit, count, listing, mid_sentence
from app.views.survival.curves.analysis import years_with
from app.views.survival.curves.words_sheets import TESTS, row_of_hazards, row_of_test, told
from app.views.survival.incidence.analysis import GroupIncidence, incidence_by_group
from app.views.survival.incidence.figures import Layers, incidence_alt, incidence_figure
from app.views.survival.incidence.figures_stacked import stacked_figure, stacked_panels
from app.views.survival.incidence.words import (
    effects_numbers,
    incidence_methods,
    milestones_table,
    numbers_table,
    reading,
)
from data_loaders import Cohort


def incidence_answer(
    cohort: Cohort,
    result: GroupIncidence,
    *,
    unit: TimeUnit = "years",
    stacked: bool = False,
    group: str | None = None,
    until: float | None = None,
    band: bool = True,
    competing: bool = False,
    wrong: bool = False,
    full_table: bool = False,
    read_at: int | None = None,
) -> Answer:
    """The answer of cumulative incidence by group.

    Parameters
    ----------
    stacked
        Whether what became of everyone is drawn, adding up to 100%, instead of curves.
    group
        The group of which that is drawn; None for every group.
    band, competing, wrong, full_table
        What else is drawn: see :class:`app.views.survival.incidence.figures.Layers`.
    read_at
        The year at which the curves are read in words, and one more in the tables; None for the
        latest of 5, 3 and 1 at which every group is followed.
    """
    sentences = reading(result, read_at)
    title = f"Cumulative incidence of {result.event_label}{_of_whom(result)}"
    layers = Layers(band, competing, wrong, full_table)
    drawn = titled(cohort, title, incidence_figure, result, unit, layers=layers, until=until)
    if stacked and result.drawn:
        drawn = _stacked(cohort, result, unit, group, full_table=full_table, until=until)
    return Answer(
        key="incidence",
        name=(result.endpoint.key, "incidence", result.label),
        title=title,
        figures={"Figure": drawn},
        numbers=partial(numbers_table, result, unit),
        alt=incidence_alt(title, result, sentences),
        accounting=Accounting.of(result.outcome, "are in the curves"),
        tables=partial(_tables, result, unit, read_at),
        tests=partial(_tests, result),
        methods=incidence_methods(result),
        sentences=sentences,
        notes=result.notes,
        told=told(result.outcome, result.label),
        footnote=(
            "Aalen-Johansen estimates with 95% log-log intervals: the share of all patients who "
            f"have had {result.event_label} by each time, when those with {result.competing_label} "
            "can no longer have it. How each number is computed is on the Methods page."
        ),
    )


INCIDENCE = Analysis(incidence_by_group, incidence_answer)


def _of_whom(result: GroupIncidence) -> str:
    by = f" by {mid_sentence(result.label)}" if result.label else ""
    return f"{by}, {count(result.analysed, 'patient')}"


def _stacked(
    cohort: Cohort,
    result: GroupIncidence,
    unit: TimeUnit,
    group: str | None,
    *,
    full_table: bool,
    until: float | None,
) -> Callable[[], go.Figure]:
    """What became of everyone: of one group where it is named or the only one, else of each."""
    what = f"{result.endpoint.label} and competing event"
    own = {part.name: part for part in result.drawn}
    shown = next(iter(own)) if len(own) == 1 else group
    if shown not in own:
        title = f"{what}{_of_whom(result)}"
        return titled(cohort, title, stacked_panels, result, unit, until=until)
    title = f"{what}: {shown}, {count(own[shown].n, 'patient')}"
    return titled(
        cohort, title, stacked_figure, result, shown, unit, full_table=full_table, until=until
    )


def _tables(result: GroupIncidence, unit: TimeUnit, read_at: int | None) -> dict[str, pd.DataFrame]:
    years, tests = listing(list(map(str, years_with(read_at)))), _tests(result)
    tables = {
        "Summary": incidence_summary(result),
        "Tests": tests.pop("Tests"),
        f"At {years} years": milestones_table(result, read_at),
        "Curves": numbers_table(result, unit),
    }
    effects = effects_numbers(result)
    if not effects.empty:
        tables["Hazard ratios"] = effects
    return tables | tests


def _tests(result: GroupIncidence) -> dict[str, pd.DataFrame]:
    """The tests; hazard ratios compare the same groups again."""
    sheets = {"Tests": incidence_tests(result)}
    if result.pairwise is not None:
        sheets["Pairs"] = result.pairwise
    return sheets


def incidence_tests(result: GroupIncidence) -> pd.DataFrame:
    """Gray's tests of both events and the test of proportional hazards of each model."""
    rows = []
    for test, label in (
        (result.gray_event, result.event_label),
        (result.gray_competing, result.competing_label),
    ):
        if test is not None:
            rows.append(row_of_test(test, label))
    if not rows and result.label:
        rows.append({"Test": "Gray's test", "Of": result.label, "Note": result.p_note})
    effects = result.effects
    for model, label in (
        () if effects is None
        else (
            (effects.cause_specific, result.event_label),
            (effects.competing, result.competing_label),
        )
    ):  # fmt: skip
        if model is not None and model.ph_test is not None:
            rows.append(row_of_hazards(model, label))
    return pd.DataFrame(rows, columns=list(TESTS))


def incidence_summary(result: GroupIncidence) -> pd.DataFrame:
    """One row a group: n, events of both kinds."""
    return pd.DataFrame(
        [
            {
                "Group": group.name,
                "n": group.n,
                f"Events: {result.event_label}": group.events,
                f"Competing: {result.competing_label}": group.competing,
            }
            for group in result.estimates
        ]
    )
