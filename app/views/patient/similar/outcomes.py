"""How the patients most like one did, and that one itself; never a prognosis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.analysis.arrays import Bools, Floats
from app.cohort.groupings import only_groups, selection_against_rest
from app.study.outcomes import outcome_of
from app.study.wording import TimeUnit, format_time, format_time_ci, mid_sentence
from app.views.patient.analysis import patient_name
from app.views.patient.similar.analysis import (
    SimilaritySettings,
    SimilarPatients,
    similar_patients,
)
from app.views.survival.curves.analysis import GroupSurvival, survival_by_group
from data_loaders import Cohort

UNIT: TimeUnit = "years"
NO_PROGNOSIS = (
    "This is what happened to these patients. It is not a prognosis for this one: similar is not "
    "the same, treatment and much else was not compared, and so few patients leave a wide interval."
)


@dataclass(frozen=True)
class OwnCourse:
    """What happened to the patient itself on an endpoint.

    Attributes
    ----------
    months
        From time zero to the event or the end of follow-up.
    """

    name: str
    months: float
    event: bool
    label: str

    def words(self) -> str:
        """The course in words: ``Patient 17: death at 2.1 years``."""
        at = f"{format_time(self.months, UNIT)} {UNIT}"
        if self.event:
            return f"{self.name}: {self.label} at {at}"
        return f"{self.name}: {'alive' if self.label == 'death' else f'no {self.label}'} at {at}"


@dataclass(frozen=True, eq=False)
class SimilarOutcomes:
    """The patients most like one, and how they did.

    Attributes
    ----------
    survival
        Survival of the nearest, as the only group; None where no endpoint is asked about or it is
        recorded of nobody.
    everyone
        Survival of everyone selected, known where that of the nearest is.
    own
        The patient's own course; None where it is not recorded.
    """

    mask: Bools
    found: SimilarPatients
    survival: GroupSurvival | None = None
    everyone: GroupSurvival | None = None
    own: OwnCourse | None = None


def similar_outcomes(
    cohort: Cohort,
    mask: Bools,
    position: int,
    *,
    neighbours: int = 25,
    alterations: float = 0.5,
    variables: Sequence[str] | None = None,
    endpoint_key: str | None = None,
    references: Floats | None = None,
) -> SimilarOutcomes:
    """The selected patients nearest to one of them, and how they did.

    Parameters
    ----------
    neighbours, alterations, variables
        How patients are compared: see :class:`SimilaritySettings`.
    endpoint_key
        How they did on which endpoint; None to leave it out.
    references
        What :func:`reference_medians` gave for the same patients and settings; None to compute it.

    Raises
    ------
    ValueError
        If too little is known of the patient, or too few others can be compared with it.
    """
    chosen = None if variables is None else tuple(variables)
    settings = SimilaritySettings(neighbours, alterations, chosen)
    found = similar_patients(cohort, mask, position, settings, references=references)
    if endpoint_key is None:
        return SimilarOutcomes(mask, found)
    called = f"Nearest {len(found.neighbours)}"
    grouping = selection_against_rest(
        found.neighbours, np.ones(cohort.n, dtype=np.bool_), called, label="likeness to one patient"
    )
    survival = survival_by_group(
        cohort, _nearest(cohort, found), endpoint_key, only_groups(grouping, [called])
    )
    if not survival.outcome.n:
        return SimilarOutcomes(mask, found)
    return SimilarOutcomes(
        mask,
        found,
        survival,
        survival_by_group(cohort, mask, endpoint_key),
        own_course(cohort, position, endpoint_key),
    )


def _nearest(cohort: Cohort, found: SimilarPatients) -> Bools:
    mask = np.zeros(cohort.n, dtype=np.bool_)
    mask[found.neighbours] = True
    return mask


def what_happened(cohort: Cohort, found: SimilarPatients, endpoint_key: str) -> list[str]:
    """What happened to each of the nearest patients on an endpoint, in words."""
    outcome = outcome_of(cohort, _nearest(cohort, found), endpoint_key, truncated=False)
    place = {int(position): i for i, position in enumerate(np.flatnonzero(outcome.used))}
    told = []
    for neighbour in found.neighbours:
        i = place.get(int(neighbour))
        if i is None:
            told.append("not recorded")
            continue
        at = f"{format_time(float(outcome.time[i]), UNIT)} {UNIT}"
        label = outcome.endpoint.event_label
        ended = {1: f"{label} at {at}", 2: f"died before, at {at}"}
        free = f"alive at {at}" if label == "death" else f"no {label} in {at}"
        told.append(ended.get(int(outcome.cause[i]), free))
    return told


def events_sentence(survival: GroupSurvival) -> str:
    """How many of the nearest patients had the event, and the median time with its interval."""
    (curve,) = survival.drawn
    words = f"{survival.endpoint.event_label} in {curve.events} of {curve.n}"
    if curve.km is None:
        return f"{words}."
    median = format_time_ci(curve.km.median, *curve.km.median_ci, UNIT)
    label = mid_sentence(survival.endpoint.label)
    return f"How they did: {words}; median {label} in {UNIT} (95% interval): {median}."


def own_course(cohort: Cohort, position: int, endpoint_key: str) -> OwnCourse | None:
    """The patient's own course on an endpoint; None where it is not recorded."""
    mask = np.arange(cohort.n) == position
    outcome = outcome_of(cohort, mask, endpoint_key, truncated=False)
    if not outcome.n:
        return None
    event = bool(outcome.event[0] == 1)
    label = outcome.endpoint.event_label
    return OwnCourse(patient_name(position), float(outcome.time[0]), event, label)
