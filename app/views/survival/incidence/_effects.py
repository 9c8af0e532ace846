"""Hazard ratios of the groups of a cohort under competing risks, and which groups have none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from app.analysis.competing_risks import (
    GroupModel,
    group_cox,
    group_cox_from_events,
    group_fine_gray,
)
from app.cohort.groupings import MIN_GROUP_FOR_TEST
from app.study.outcomes import Outcome
from app.views.survival.incidence.estimates import COMPETING, EVENT, GroupEstimate
from data_loaders.wording import plural


@dataclass(frozen=True, eq=False)
class GroupEffects:
    """Hazard ratios of the groups against a reference, three questions side by side.

    Attributes
    ----------
    reference
        The group that the others are compared with; empty where nothing could be compared.
    cause_specific
        Cox model of the event, competing events censored: how fast the event comes to those still
        free of both.
    subdistribution
        Fine-Gray model: how many come to have the event, competing events counted.
    notes
        Why a model is missing, and what a reader must know.
    """

    reference: str
    cause_specific: GroupModel | None
    competing: GroupModel | None
    subdistribution: GroupModel | None
    left_out: dict[str, str]
    notes: tuple[str, ...]


def effects_of(
    outcome: Outcome, estimates: tuple[GroupEstimate, ...], followed: Outcome
) -> GroupEffects | None:
    """Hazard ratios of the groups with enough patients and an event; None below two groups.

    A group without any event has a hazard ratio of zero, which no interval fits: it is left out of
    the models, which is the limit of their likelihood, and named.

    Parameters
    ----------
    outcome
        Follow-up of those of whom both events are known, by group.
    followed
        Follow-up of all of whom the event is known: the cause-specific hazard needs no more, and
        the Cox models of the endpoint are of them too.
    """
    if sum(group.n > 0 for group in estimates) < 2:
        return None
    reasons = [_why_none(group, outcome.endpoint.event_label) for group in estimates]
    left_out = {
        group.name: why for group, why in zip(estimates, reasons, strict=True) if why is not None
    }
    compared = [code for code, why in enumerate(reasons) if why is None]
    # The reference leads, whatever the order in which the groups are drawn.
    compared.sort(key=lambda code: code != outcome.reference)
    if len(compared) < 2:
        note = (
            f"No hazard ratio is given: fewer than two groups have at least {MIN_GROUP_FOR_TEST} "
            f"patients and an event ({outcome.endpoint.event_label})."
        )
        return GroupEffects("", None, None, None, left_out, (note,))
    reference = estimates[compared[0]]
    others = [code for code in compared if estimates[code].competing]
    notes: list[str] = []
    specific = _cox(EVENT, followed, compared, notes)
    notes += _counted_more(outcome, followed)
    competing = None
    if len(others) > 1 and others[0] == compared[0]:
        competing = _cox(COMPETING, outcome, others, notes)
    subdistribution = None
    if outcome.copies is not None:
        notes.append("The Fine-Gray model is not fitted from counts.")
    elif outcome.entry is None:
        subdistribution = _model(group_fine_gray, outcome, compared, notes)
    else:
        notes.append("The Fine-Gray model is not fitted where patients entered late.")
    if specific is not None:
        notes += specific.notes
        if specific.ph_p_value is not None and specific.ph_p_value < 0.05:
            notes.append(
                "The cause-specific hazards are not proportional over time: the ratio is an "
                "average, so look at the curves."
            )
    return GroupEffects(
        reference.name, specific, competing, subdistribution, left_out, tuple(notes)
    )


def _counted_more(outcome: Outcome, followed: Outcome) -> list[str]:
    """Why the cause-specific ratio is of more patients than the rest of the view, if it is."""
    more = followed.n - outcome.n
    if not more:
        return []
    return [
        f"The cause-specific ratios of {outcome.endpoint.event_label} count "
        f"{plural(more, 'patient')} more than the rest of this view: of them the competing event "
        "is not recorded, which that ratio does not need. It is the one of the Cox model."
    ]


def _why_none(group: GroupEstimate, event_label: str) -> str | None:
    """Why a group has no hazard ratio; None where it has one."""
    if not group.n:
        return group.note
    if group.n < MIN_GROUP_FOR_TEST:
        return f"fewer than {MIN_GROUP_FOR_TEST} patients"
    return None if group.events else f"no {event_label}"


def _cox(cause: int, outcome: Outcome, codes: list[int], notes: list[str]) -> GroupModel | None:
    if outcome.copies is None:
        return _model(partial(group_cox, cause_of_interest=cause), outcome, codes, notes)
    table = outcome.table(np.isin(outcome.codes, codes))
    try:
        return group_cox_from_events(table, outcome.names[codes[0]], cause)
    except ValueError as error:
        notes.append(f"A hazard ratio could not be estimated: {error}")
        return None


def _model(
    fit: Callable[..., GroupModel], outcome: Outcome, codes: list[int], notes: list[str]
) -> GroupModel | None:
    """A model of some groups, the first the reference; a note where it cannot be fitted."""
    own = np.isin(outcome.codes, codes)
    places = np.full(len(outcome.names), -1)
    places[codes] = np.arange(len(codes))
    position = places[outcome.codes[own]]
    groups = pd.Categorical.from_codes(position, [outcome.names[code] for code in codes])
    late = {} if outcome.entry is None else {"entry": outcome.entry[own]}
    try:
        return fit(outcome.time[own], outcome.cause[own], groups, **late)
    except ValueError as error:
        notes.append(f"A hazard ratio could not be estimated: {error}")
        return None
