"""The naive comparison, landmarks, Simon-Makuch and time-dependent Cox on a trial's own patients.

The patients of the emulated trial from the same time zero, so that the answers stand side by side;
the naive one is wrong and shown for its error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from app.study.exposures import default_landmarks, exposure_times
from app.study.outcomes import outcome_of
from app.views.survival.during.analysis import DuringFollowUp, analyse_during_follow_up
from app.views.transplant.protocol.analysis import Protocol
from app.views.transplant.protocol.trial import TargetTrial
from data_loaders import Cohort

USUAL_LANDMARK = 6.0
_ADJUSTABLE = "variable:"


def landmarks_of(protocol: Protocol) -> list[float]:
    """Round landmarks near the quartiles of the times of transplant, and the usual half year."""
    near = default_landmarks(np.asarray(protocol.compared.treated, dtype=np.float64))
    return sorted({*near, USUAL_LANDMARK})


def four_answers(
    cohort: Cohort,
    trial: TargetTrial,
    protocol: Protocol,
    *,
    landmarks: Sequence[float],
    drawn: float,
) -> DuringFollowUp:
    """Compare the transplanted with the others, naively and in three ways that respect time.

    Parameters
    ----------
    cohort, trial, protocol
        The trial, and the data prepared for it.
    landmarks
        Landmarks in months since time zero.
    drawn
        The one whose curves are drawn.

    Raises
    ------
    ValueError
        If nobody was transplanted during follow-up.
    """
    data, patients = protocol.compared, protocol.compared_patients
    order = np.argsort(patients)
    used = np.zeros(cohort.n, dtype=np.bool_)
    used[patients] = True
    event = data.event[order].astype(np.float64)
    outcome = replace(
        outcome_of(cohort, used, trial.endpoint, truncated=False),
        used=used,
        time=np.asarray(data.time[order], dtype=np.float64),
        event=event,
        cause=event.astype(np.int64),
        codes=np.zeros(data.n, dtype=np.int16),
        selected=data.n,
        left_out={},
    )
    given = exposure_times(cohort, trial.treatment, trial.endpoint)
    months = np.full(cohort.n, np.nan)
    months[patients] = np.where(data.ever_treated, data.treated, np.nan)
    return analyse_during_follow_up(
        cohort,
        outcome,
        replace(given, months=months, undated=np.zeros(cohort.n, dtype=np.bool_)),
        landmarks=landmarks,
        drawn=drawn,
        adjust=[
            name.removeprefix(_ADJUSTABLE)
            for name in trial.confounders
            if name.startswith(_ADJUSTABLE)
        ],
    )
