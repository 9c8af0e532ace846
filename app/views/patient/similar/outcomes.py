"""How the patients most like one did, and that one itself; never a prognosis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.study.outcomes import outcome_of
from app.study.wording import TimeUnit, format_time, format_time_ci, mid_sentence
from app.views.patient.analysis import patient_name
from app.views.patient.similar.analysis import SimilarPatients
from app.views.survival.curves.analysis import GroupSurvival
from data_loaders import Cohort

NO_PROGNOSIS = (
    "This is what happened to these patients. It is not a prognosis for this one: similar is not "
    "the same, treatment and much else was not compared, and so few patients leave a wide interval."
)


def what_happened(
    cohort: Cohort, found: SimilarPatients, endpoint_key: str, unit: TimeUnit
) -> list[str]:
    """What happened to each of the nearest patients, in words.

    Parameters
    ----------
    cohort
        The cohort.
    found
        The nearest patients.
    endpoint_key
        Which endpoint.
    unit
        Unit of the times.
    """
    mask = np.zeros(cohort.n, dtype=np.bool_)
    mask[found.neighbours] = True
    outcome = outcome_of(cohort, mask, endpoint_key, truncated=False)
    place = {int(position): i for i, position in enumerate(np.flatnonzero(outcome.used))}
    told = []
    for neighbour in found.neighbours:
        i = place.get(int(neighbour))
        if i is None:
            told.append("not recorded")
            continue
        at = f"{format_time(float(outcome.time[i]), unit)} {unit}"
        label = outcome.endpoint.event_label
        ended = {1: f"{label} at {at}", 2: f"died before, at {at}"}
        free = f"alive at {at}" if label == "death" else f"no {label} in {at}"
        told.append(ended.get(int(outcome.cause[i]), free))
    return told


@dataclass(frozen=True)
class OwnCourse:
    """What happened to the patient itself on an endpoint.

    Attributes
    ----------
    name
        What the patient is called on screen.
    months
        From time zero to the event or the end of follow-up.
    event
        Whether the event happened.
    label
        What the event is: ``death``.
    """

    name: str
    months: float
    event: bool
    label: str

    def words(self, unit: TimeUnit) -> str:
        """The course in words: ``Patient 17: death at 2.1 years``."""
        at = f"{format_time(self.months, unit)} {unit}"
        if self.event:
            return f"{self.name}: {self.label} at {at}"
        return f"{self.name}: {'alive' if self.label == 'death' else f'no {self.label}'} at {at}"


def events_sentence(survival: GroupSurvival, unit: TimeUnit) -> str:
    """How many of the nearest patients had the event, and the median time with its interval.

    Parameters
    ----------
    survival
        Survival of the nearest patients, as the only group.
    unit
        Unit of the median.
    """
    (curve,) = survival.drawn
    words = f"{survival.endpoint.event_label} in {curve.events} of {curve.n}"
    if curve.km is None:
        return f"{words}."
    median = format_time_ci(curve.km.median, *curve.km.median_ci, unit)
    label = mid_sentence(survival.endpoint.label)
    return f"How they did: {words}; median {label} in {unit} (95% interval): {median}."


def own_course(cohort: Cohort, position: int, endpoint_key: str) -> OwnCourse | None:
    """The patient's own course on an endpoint; None where it is not recorded.

    Parameters
    ----------
    cohort
        The cohort.
    position
        The patient, by position in the cohort.
    endpoint_key
        Which endpoint.
    """
    mask = np.arange(cohort.n) == position
    outcome = outcome_of(cohort, mask, endpoint_key, truncated=False)
    if not outcome.n:
        return None
    event = bool(outcome.event[0] == 1)
    label = outcome.endpoint.event_label
    return OwnCourse(patient_name(position), float(outcome.time[0]), event, label)
