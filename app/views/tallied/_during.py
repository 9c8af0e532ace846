"""Events during follow-up of a database: of counts what is computed of rows elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from app.analysis.arrays import Floats
from app.analysis.survival import administrative_censoring
from app.cohort.filters import Filter
from app.cohort.tally import EngineTally, ExposureColumns, TallyError, TooFineError
from app.study.exposures import (
    Exposure,
    ExposureTimes,
    exposure_columns,
    exposure_options,
)
from app.study.outcomes import EVERYONE, Outcome
from app.study.wording import mid_sentence
from app.views.survival.during.analysis import (
    DuringFollowUp,
    analyse_during_follow_up,
    usual_landmarks,
)
from app.views.tallied.analysis import BY_MONTH, MONTHS

_SAMPLE = 5_000


@dataclass(frozen=True)
class Switch:
    """An event during follow-up that a database's patients can be compared by.

    Attributes
    ----------
    exposure, columns
        Which, and the columns that say when it came.
    shifted_by
        The event that the endpoint's clock starts at, where the times are moved.
    """

    exposure: Exposure
    columns: ExposureColumns
    shifted_by: str


@dataclass(frozen=True, eq=False)
class Switches:
    """Follow-up and the times of the event, as counts.

    Attributes
    ----------
    outcome, exposure
        As an analysis takes them; a row stands for ``outcome.copies`` patients.
    grouped
        Whether times are those of a grid of months.
    """

    outcome: Outcome
    exposure: ExposureTimes
    grouped: bool

    @property
    def usual(self) -> list[float]:
        """Landmarks near the quartiles of the times, within follow-up."""
        return usual_landmarks(self.outcome, self.exposure.months[self.outcome.used])


def switches_of(tally: EngineTally, endpoint: str) -> list[Switch]:
    """The events during the follow-up of an endpoint, found in a random sample of the rows.

    Raises
    ------
    CohortError, TallyError
        If the sample cannot be had.
    """
    sample = tally.sample(_SAMPLE)
    found = (
        Switch(*exposure_columns(sample, option.key, endpoint))
        for option in exposure_options(sample, endpoint)
    )
    return [one for one in found if {name for name, _ in one.columns.months} <= {*tally.columns}]


def switched(
    tally: EngineTally,
    selected: Filter,
    endpoint: str,
    switch: Switch,
    limit: float | None = None,
) -> Switches:
    """Ask a database when follow-up and an event during it came.

    Raises
    ------
    TallyError
        If it cannot be asked, or nobody can be followed.
    ValueError
        If the limit is not positive, or a time is negative.
    """
    grouped = False
    try:
        table = tally.switches(selected, endpoint, switch.columns)
    except TooFineError:
        table, grouped = tally.switches(selected, endpoint, switch.columns, MONTHS), True
    held = tally.cohort.endpoints[endpoint]
    time, event = (_floats(table, name) for name in ("time", "event"))
    copies = table["n"].to_numpy(dtype=np.int64)
    known = ~(np.isnan(time) | np.isnan(event))
    if not known.any():
        raise TallyError("There is nobody to follow whose numbers are to be had: widen the filter.")
    left_out = {f"{mid_sentence(held.label)} not recorded": int(copies[~known].sum())}
    time, event = time[known], event[known]
    if limit is not None:
        time, event = administrative_censoring(time, event, limit)
    outcome = Outcome(
        endpoint=held,
        used=known,
        time=time.astype(np.float64),
        event=event.astype(np.float64),
        cause=event.astype(np.int64),
        entry=None,
        names=(EVERYONE,),
        codes=np.zeros(int(known.sum()), dtype=np.int16),
        selected=int(copies.sum()),
        left_out={reason: n for reason, n in left_out.items() if n},
        limit=limit,
        copies=copies[known],
    )
    undated, unknown = (
        table[name].to_numpy(dtype=bool, na_value=False) for name in ("undated", "unknown")
    )
    exposure = ExposureTimes(
        switch.exposure, _floats(table, "began"), undated, unknown, switch.shifted_by
    )
    return Switches(outcome, exposure, grouped)


def tallied_during(
    tally: EngineTally,
    held: Switches,
    landmarks: Sequence[float],
    drawn: float,
    start: float = 0.0,
) -> tuple[DuringFollowUp, tuple[str, ...]]:
    """Compare the exposed with the unexposed, as :func:`during_follow_up` does of rows.

    Returns
    -------
    tuple
        The result, and notes on what counting cost.

    Raises
    ------
    ValueError
        As :func:`analyse_during_follow_up`.
    """
    result = analyse_during_follow_up(
        tally.cohort, held.outcome, held.exposure, landmarks=landmarks, drawn=drawn, start=start
    )
    return result, (BY_MONTH, BEGAN_BY_MONTH) if held.grouped else ()


BEGAN_BY_MONTH = (
    "The event during follow-up counts from the start of its month, so whoever had both within one "
    "month counts as exposed."
)


def _floats(table: pd.DataFrame, name: str) -> Floats:
    return np.asarray(table[name].to_numpy(dtype=np.float64, na_value=np.nan), np.float64)
