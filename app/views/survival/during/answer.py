"""What an event during follow-up says: its answer, the naive comparison called what it is."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.analysis.regression import Landmark, SimonMakuch
from app.study.analyses import Analysis
from app.study.answer import Answer
from app.study.figures.forest import forest_alt
from app.study.figures.theme import titled
from app.study.methods import endpoint_sentence
from app.study.wording import TimeUnit, count, format_p, listing, mid_sentence
from app.views.survival.curves.words_sheets import in_unit_of, tests_of, told
from app.views.survival.during.analysis import DuringFollowUp, TwoCurves, during_follow_up
from app.views.survival.during.figures import answers_figure, pair_figure
from app.views.survival.during.words import (
    NOT_CAUSAL,
    answers_table,
    during_notes,
    during_reading,
    exposed_row,
    ratio_words,
)
from data_loaders import Cohort

ANSWERS, NAIVE = "Answers", "Naive"
LANDMARK, TIME_DEPENDENT = "Landmark", "Time-dependent"


def during_answer(cohort: Cohort, result: DuringFollowUp, *, unit: TimeUnit = "years") -> Answer:
    """The answer of an event during follow-up: the forest, and three pairs of curves."""
    endpoint = result.outcome.endpoint
    what = f"{endpoint.label} by {result.exposure.noun}"
    title = f"{what}, {count(result.n, 'patient')}"
    table, sentences = answers_table(result), during_reading(result)
    return Answer(
        key="during",
        name=(endpoint.key, "by", result.exposure.label),
        title=title,
        figures={
            ANSWERS: titled(cohort, title, answers_figure, result),
            **_pairs(cohort, result, unit, what),
        },
        numbers=lambda: table,
        alt=forest_alt(what, table, sentences),
        accounting=result.accounting,
        tables=partial(_tables, result, unit),
        methods=_methods(result),
        sentences=sentences,
        notes=during_notes(result),
        told=told(result.outcome, None),
    )


DURING = Analysis(during_follow_up, during_answer)


def _pairs(
    cohort: Cohort, result: DuringFollowUp, unit: TimeUnit, what: str
) -> dict[str, Callable[[], go.Figure]]:
    """What draws those of the three pairs of curves that there are."""

    def pair(curves: TwoCurves | SimonMakuch, title: str, **drawn: Any) -> Callable[[], go.Figure]:
        of, noun = (curves.unexposed, curves.exposed), result.exposure.noun
        return titled(cohort, f"{what}, {title}", pair_figure, *of, noun, unit, **drawn)

    followed = f"{unit.capitalize()} of follow-up"
    figures: dict[str, Callable[[], go.Figure]] = {
        NAIVE: pair(
            result.naive_curves,
            "naive",
            axis=followed,
            corner=ratio_words(exposed_row(result.naive)),
            wrong=True,
        ),
    }
    if result.at is not None and result.landmark_curves is not None:
        mark = f"{result.at.at:g}"
        row = result.landmarks[result.landmarks["landmark"] == result.at.at]
        figures[LANDMARK] = pair(
            result.landmark_curves,
            f"landmark {mark}",
            axis=f"{unit.capitalize()} since month {mark}",
            corner="" if row.empty else ratio_words(row.iloc[0]),
        )
    if result.simon_makuch is not None:
        test = result.simon_makuch.test
        corner = [ratio_words(exposed_row(result.time_dependent))]
        if test.df:
            corner.append(f"Mantel-Byar {format_p(test.p_value)}")
        figures[TIME_DEPENDENT] = pair(
            result.simon_makuch,
            "Simon-Makuch",
            axis=followed,
            corner="<br>".join(corner),
            start=result.start,
        )
    return figures


def _tables(result: DuringFollowUp, unit: TimeUnit) -> dict[str, pd.DataFrame]:
    tables = {"Answers": answers_table(result), "Landmarks": result.landmarks}
    if result.simon_makuch is not None:
        for name, km in (
            ("Simon-Makuch without", result.simon_makuch.unexposed),
            ("Simon-Makuch with", result.simon_makuch.exposed),
        ):
            tables[name] = in_unit_of(km.table, unit)
        tables["Tests"] = tests_of([(result.simon_makuch.test, result.exposure.noun)])
    return tables


def _methods(result: DuringFollowUp) -> list[str]:
    """Every analysis made, the naive one called what it is."""
    endpoint, told_of = result.outcome.endpoint, result.accounting
    followed = endpoint_sentence(endpoint, result.n_events, result.n, told_of.limit)
    if endpoint.entry is not None:
        followed += " Entry times were not used."
    parts = [f"{told_of.methods()} {followed}", _exposure(result), _landmarks(result)]
    if result.simon_makuch is not None:
        parts.append(simon_makuch_methods(result.simon_makuch))
    return [*parts, _models(result), NOT_CAUSAL]


def _exposure(result: DuringFollowUp) -> str:
    words = (
        f"The exposure was {result.exposure.noun} ({result.exposure.key}), which "
        f"{result.n_exposed:,} had before the end of follow-up"
    )
    if result.n_after_end:
        words += f"; {result.n_after_end:,} dated at or after it counted as not exposed"
    if result.shifted_by:
        words += f"; its time was counted from {mid_sentence(result.shifted_by)}, as the endpoint's"
    return (
        f"{words}. The naive comparison (ever against never exposed from time zero, Cox model) is "
        "biased by immortal time and given only beside the others."
    )


def _landmarks(result: DuringFollowUp) -> str:
    marks = listing([f"{mark:g}" for mark in result.landmarks["landmark"]])
    words = (
        f"Landmark analyses at {marks} months: hazard ratios by Cox models (Efron ties), p-values "
        "by log-rank tests, not adjusted for the number of landmarks."
    )
    return words if result.at is None else f"{words} {landmark_methods(result.at)}"


def _models(result: DuringFollowUp) -> str:
    model = result.time_dependent
    if model is None:
        return ""
    words = (
        "Cox model with the exposure as a time-dependent covariate in counting-process form "
        f"(Efron ties, {count(model.n, 'interval')} of {count(model.patients or 0, 'patient')})"
    )
    if result.adjusted is not None:
        lacking = result.n - (result.adjusted.patients or 0)
        words += (
            f", alone and adjusted for {listing([mid_sentence(x) for x in result.adjusted_for])}"
        )
        if lacking:
            words += f" ({count(lacking, 'patient')} without a covariate left out)"
    notes = [*model.notes, *(result.adjusted.notes if result.adjusted is not None else ())]
    return " ".join([f"{words}.", *dict.fromkeys(notes)])


def landmark_methods(part: Landmark) -> str:
    """Landmark analysis in months: clock, and who was left out."""
    many = np.ones(len(part.time), dtype=np.int64) if part.copies is None else part.copies
    return (
        f"Landmark analysis at {part.at:g} months: groups are by the status at the landmark, the "
        f"clock starts there, and the {part.n_events_before:,} patients with the event and "
        f"{part.n_censored_before:,} censored by then were left out, leaving "
        f"{int(many[part.exposed].sum()):,} exposed and {int(many[~part.exposed].sum()):,} not."
    )


def simon_makuch_methods(curves: SimonMakuch) -> str:
    """Simon-Makuch curves: who moved, the Mantel-Byar test, who was left out."""
    sentences = [
        f"{curves.method}: patients count as unexposed until the exposure and as exposed from then "
        f"on; {count(curves.n_switched, 'patient')} moved between the curves."
    ]
    if curves.n_left_out:
        sentences.append(f"{count(curves.n_left_out, 'patient')} had no follow-up from the start.")
    return " ".join([*sentences, curves.note]).strip()
