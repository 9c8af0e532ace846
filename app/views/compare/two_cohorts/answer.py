"""What the same groups in two cohorts say: survival, clinical differences, alterations."""

from __future__ import annotations

from functools import partial

import pandas as pd
import plotly.graph_objects as go

from app.study.accounting import Accounting
from app.study.analyses import Analysis
from app.study.answer import Answer
from app.study.figures.theme import framed, titled
from app.study.methods import selected_sentence, source_sentence
from app.study.wording import SIGNIFICANT, count, listing, mid_sentence
from app.views.compare.analysis import OTHERS
from app.views.compare.answer import survival_tables
from app.views.compare.two_cohorts.analysis import TwoCohorts, hazards_reading, replication_reading
from app.views.compare.two_cohorts.asking import Both, asked_of_both
from app.views.compare.two_cohorts.figures import clinical_replication_figure, replication_figure
from app.views.survival.curves.figures import survival_figure
from data_loaders import Cohort

_SHOWN = 15
# More bands than these hide each other.
_BANDS = 3


def cohorts_answer(result: TwoCohorts, *, until: float | None = None) -> Answer:
    """The answer of the same groups in two cohorts, whose time axes end alike."""
    figures = {}
    sentences = []
    for place, (side, survival) in enumerate(
        zip(result.sides, result.survival or (), strict=False), start=1
    ):
        patients = count(survival.analysed, "patient")
        title = f"{survival.endpoint.label}, {side.cohort.name}, {patients}"
        figures[f"Survival {place}"] = titled(
            side.cohort, title, survival_figure, survival,
            band=len(survival.drawn) <= _BANDS, until=until,
        )  # fmt: skip
    if result.survival is not None:
        sentences.append(hazards_reading(*result.survival, result.names))
    if len(result.clinical):
        figures["Clinical"] = partial(_clinical, result)
        sentences.append(clinical_sentence(result))
    if len(result.alterations):
        figures["Alterations"] = partial(_alterations, result)
        sentences.append(alterations_sentence(result))
    first = result.sides[0]
    return Answer(
        key="cohorts",
        name=("compare", "two cohorts", first.grouping.label),
        title="The same groups in two cohorts",
        figures=figures,
        numbers=lambda: result.clinical,
        alt=" ".join(sentences),
        accounting=Accounting(
            result.selections[0].n, sum(first.sizes), first.grouping.left_out(first.mask)
        ),
        tables=partial(_tables, result),
        methods=_methods(result),
        sentences=sentences,
    )


def both_answer(
    cohort: Cohort,  # noqa: ARG001 - the comparison knows it
    result: Both,
    *,
    until: float | None = None,
) -> Answer:
    """As :func:`cohorts_answer`, of a question to both."""
    return cohorts_answer(result.result, until=until)


BOTH = Analysis(asked_of_both, both_answer)


def clinical_sentence(result: TwoCohorts) -> str:
    """Which clinical differences are found again."""
    return replication_reading(result.clinical, *result.names, "variable")


def alterations_sentence(result: TwoCohorts) -> str:
    """Which differences of alterations are found again."""
    return replication_reading(result.alterations, *result.names)


def _title(result: TwoCohorts, what: str) -> str:
    sizes = [f"{sum(side.sizes):,}" for side in result.sides]
    return f"{what}: {' and '.join(sizes)} patients"


def _clinical(result: TwoCohorts) -> go.Figure:
    higher = result.groups[0] if len(result.groups) == 2 else ""
    figure = clinical_replication_figure(
        result.clinical, result.names, higher_in=higher, most=_SHOWN
    )
    title = _title(result, "Clinical differences")
    return framed(figure, title, synthetic=result.synthetic)


def _alterations(result: TwoCohorts) -> go.Figure:
    figure = replication_figure(result.alterations, result.names, most=_SHOWN)
    group, *others = result.groups
    title = _title(result, f"Alterations, {group} against {OTHERS if others[1:] else others[0]}")
    return framed(figure, title, synthetic=result.synthetic)


def _tables(result: TwoCohorts) -> dict[str, pd.DataFrame]:
    tables = {"Clinical": result.clinical, "Alterations": result.alterations}
    for place, survival in enumerate(result.survival or (), start=1):
        tables |= survival_tables(survival, f" {place}")
    return tables


def _methods(result: TwoCohorts) -> list[str]:
    """Paragraphs: how the same groups were compared in both."""
    told = []
    for side in result.sides:
        sizes = zip(side.names, side.sizes, strict=True)
        groups = listing([f"{name} ({size:,})" for name, size in sizes])
        told.append(f"{side.cohort.name}: {groups}")
    label = mid_sentence(result.sides[0].grouping.label)
    second, survival = result.selections[1], result.survival
    parts = [
        f"{source_sentence(second)} {selected_sentence(second)}",
        f"The same groups, by {label}, were compared in two cohorts ({'; '.join(told)}). Variables "
        "and alterations were matched by their names, else by their labels; values at which "
        "numbers were cut are those of the first cohort.",
        f"{count(len(result.clinical), 'clinical variable')} and "
        f"{count(len(result.alterations), 'alteration')} were compared in both. Between two "
        "groups, standardised mean differences have a direction and 95% intervals (Hedges & Olkin "
        "1985). Alterations were compared by Fisher's exact test with conditional odds ratios. A "
        f"difference counts as found again where it has q below {SIGNIFICANT} in the first cohort "
        "(Benjamini & Hochberg 1995), the same direction in the second, and there p below "
        f"{SIGNIFICANT} divided by the number looked for.",
    ]
    if survival is not None:
        events = [count(held.n_events, "event") for held in survival]
        parts.append(
            f"{survival[0].endpoint.label} ({listing(events)}) was followed for as long as the "
            "shorter follow-up of the two. Hazard ratios are of Cox models with the group alone, "
            "and were compared between the cohorts by Wald's test of the difference of their "
            f"logarithms.{' ' + survival[0].bias if survival[0].bias else ''}"
        )
    return parts
