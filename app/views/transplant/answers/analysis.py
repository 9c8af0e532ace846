"""The naive comparison, landmarks, Simon-Makuch and time-dependent Cox on a trial's own patients.

The patients of the emulated trial from the same time zero, so that the answers stand side by side;
the naive one is wrong and shown for its error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from app.analysis.transplant import Emulation, Kinds, positivity
from app.study.adjustment import age_column
from app.study.exposures import default_landmarks, exposure_times
from app.study.outcomes import outcome_of
from app.views.survival.during.analysis import DuringFollowUp, analyse_during_follow_up
from app.views.transplant.benefits.analysis import AGE, RISK, strata_of
from app.views.transplant.protocol.analysis import Protocol
from app.views.transplant.protocol.trial import TargetTrial
from data_loaders import Cohort

USUAL_LANDMARK = 6.0
_ADJUSTABLE = "variable:"
_EVERYONE = "Everyone"


@dataclass(frozen=True, eq=False)
class Followed:
    """Who could follow each strategy, by two things; one of them may be everyone.

    Attributes
    ----------
    table
        From :func:`app.analysis.transplant.positivity`, with what the rows and columns are by.
    down, across
        Names of these columns.
    """

    emulation: Emulation
    table: pd.DataFrame
    down: str
    across: str


def who_could_follow(
    cohort: Cohort, trial: TargetTrial, protocol: Protocol, found: Emulation
) -> Followed:
    """Who could follow each strategy of a trial, by age band and class where these are known.

    Raises
    ------
    ValueError
        If there is neither.
    """
    data = protocol.data
    divisions = strata_of(cohort, protocol, age=age_column(cohort))
    named = {"Age": divisions.get(AGE), "Class": divisions.get(RISK)}
    known = {name: labels for name, labels in named.items() if labels is not None}
    if not known or not data.n_given:
        raise ValueError("Without an age and without classes there is nothing to look at by.")
    labels = pd.DataFrame(known, index=range(data.n))
    labels = labels.set_axis(data.rows, axis="index").reindex(range(data.n_given))
    table = positivity(found, labels)
    table = table[table["n"] > 0]
    if len(known) > 1:
        table = _with_left_out(table, protocol.kinds, trial.primary.label)
    down, across = labels.columns[-1], labels.columns[0]
    if down == across:
        across = _EVERYONE
        table = table.assign(**{_EVERYONE: "all eligible"})
    return Followed(found, table, down, across)


def _with_left_out(table: pd.DataFrame, kinds: Kinds, strategy: str) -> pd.DataFrame:
    """The kinds that are compared, and those that are not, without a modelled chance."""
    absent = kinds.table[~kinds.table["supported"]]
    rows = pd.DataFrame(
        {
            "Age": absent["age"].astype(str),
            "Class": absent["class"].astype(str),
            "strategy": strategy,
            "n": absent["n"],
            "transplanted": absent["followed"],
            "note": "Too few followed it: left out of every estimate.",
        }
    )
    both = pd.concat([table.astype({"Age": str, "Class": str}), rows], ignore_index=True)
    for name, column in (("Age", "age"), ("Class", "class")):
        levels = kinds.table[column].cat.categories
        both[name] = pd.Categorical(both[name], categories=levels, ordered=True)
    return both


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
