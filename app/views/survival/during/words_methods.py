"""Methods of an event during follow-up as an exposure, from the result."""

from __future__ import annotations

from app.cohort.filters import Selection
from app.study.accounting import Accounting
from app.study.methods import endpoint_sentence, view_methods
from app.study.wording import count, listing, mid_sentence
from app.views.survival.cox.words_methods import landmark_methods, simon_makuch_methods
from app.views.survival.during.analysis import DuringFollowUp
from app.views.survival.during.words import NOT_CAUSAL


def during_methods(result: DuringFollowUp, selection: Selection) -> str:
    """Every analysis made, the naive one called what it is.

    Parameters
    ----------
    result
        The analyses.
    selection
        The patients they were made of.
    """
    who = Accounting(result.selected, result.n, result.left_out).methods()
    events = int(result.event.sum())
    endpoint = endpoint_sentence(result.endpoint, events, result.n, result.limit)
    if result.endpoint.entry is not None:
        endpoint += " Entry times were not used."
    parts = [f"{who} {endpoint}", _exposure(result), _landmarks(result)]
    if result.simon_makuch is not None:
        parts.append(simon_makuch_methods(result.simon_makuch))
    parts += [_models(result), NOT_CAUSAL]
    return view_methods(selection, result.n, parts)


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
