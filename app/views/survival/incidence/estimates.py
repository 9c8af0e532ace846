"""Cumulative incidence of one group, and who can be analysed for it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from app.analysis.competing_risks import (
    CumulativeIncidence,
    cumulative_incidence,
    cumulative_incidence_from_events,
)
from app.analysis.survival import KaplanMeier, kaplan_meier, kaplan_meier_from_events
from app.analysis.survival_input import slack
from app.cohort.groupings import Grouping
from app.study.outcomes import Outcome, outcome_of
from data_loaders import Cohort, Endpoint
from data_loaders.arrays import Bools, Floats, Ints

EVENT, COMPETING = 1, 2
_MEASURES = ("incidence", "lower", "upper")


@dataclass(frozen=True)
class GroupEstimate:
    """One group's incidences.

    Attributes
    ----------
    n, events, competing
        Patients followed, events and competing events among them.
    incidence
        Aalen-Johansen estimates; None where nobody was followed or nothing happened, and ``note``
        says which.
    naive
        Kaplan-Meier curve with competing events censored, whose complement is the wrong incidence;
        None where ``incidence`` is.
    note
        Why there is no estimate; empty if there is one.
    """

    name: str
    colour: str
    n: int
    events: int
    competing: int
    incidence: CumulativeIncidence | None
    naive: KaplanMeier | None
    note: str = ""
    _read: dict[tuple[float, ...], pd.DataFrame] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def at(self, months: npt.ArrayLike) -> pd.DataFrame:
        """The estimates at chosen times, NaN after the last follow-up; no row without estimates.

        Returns
        -------
        DataFrame
            time, n_risk, incidence, lower, upper (of the event), competing, competing_lower,
            competing_upper, event_free, naive (1 - Kaplan-Meier).
        """
        if self.incidence is None or self.naive is None:
            return pd.DataFrame()
        wanted = np.atleast_1d(np.asarray(months, dtype=float))
        place = tuple(wanted.tolist())
        if place not in self._read:
            self._read[place] = self._at(self.incidence, self.naive, wanted)
        return self._read[place]

    @staticmethod
    def _at(incidence: CumulativeIncidence, naive: KaplanMeier, wanted: Floats) -> pd.DataFrame:
        read, rows = incidence.at(wanted), len(wanted)  # cause after cause
        followed = ~np.isnan(read["incidence"].to_numpy()[:rows])
        table: dict[str, Floats] = {
            "time": wanted,
            "n_risk": read["n_risk"].to_numpy()[:rows],
        }
        for cause, prefix in ((EVENT, ""), (COMPETING, "competing_")):
            for measure in _MEASURES:
                own = np.where(followed & (measure == "incidence"), 0.0, np.nan)
                if cause in incidence.causes:
                    first = incidence.causes.index(cause) * rows
                    own = read[measure].to_numpy()[first : first + rows]
                table[(prefix + measure).replace("competing_incidence", "competing")] = own
        table["event_free"] = 1.0 - table["incidence"] - table["competing"]
        table["naive"] = np.where(followed, 1.0 - naive.at(wanted)["survival"], np.nan)
        return pd.DataFrame(table)

    def counts(self, months: npt.ArrayLike) -> pd.DataFrame:
        """Rows of the risk table: at every time the counts sum to ``n``.

        Events, competing events and censored are those before each time; who leaves at it is still
        at risk.

        Returns
        -------
        DataFrame
            time, n_risk, n_events, n_competing, n_censored, n_not_entered.
        """
        wanted = np.atleast_1d(np.asarray(months, dtype=float))
        inc = self.incidence
        if inc is None:
            return pd.DataFrame()
        before = np.searchsorted(inc.time, wanted - slack(wanted))

        def so_far(leaving: npt.NDArray[np.signedinteger]) -> Ints:
            return np.concatenate([[0], np.cumsum(leaving)])[before].astype(np.int64)

        none = np.zeros(len(inc.time), dtype=np.int64)
        died = [
            so_far(inc.curves[cause].n_event if cause in inc.curves else none)
            for cause in (EVENT, COMPETING)
        ]
        censored = so_far(inc.n_censored)
        risk = inc.at(wanted)["n_risk"].to_numpy()[: len(wanted)]
        return pd.DataFrame(
            {
                "time": wanted,
                "n_risk": risk,
                "n_events": died[0],
                "n_competing": died[1],
                "n_censored": censored,
                "n_not_entered": self.n - risk - died[0] - died[1] - censored,
            }
        )


def competing_label(endpoint: Endpoint) -> str:
    """The competing event of an endpoint, as a noun."""
    return f"death without {endpoint.event_label}"


def not_recorded(endpoint: Endpoint) -> str:
    """Why patients are left out of whom it is not known whether the competing event came."""
    return f"{competing_label(endpoint)} not recorded"


def competing_endpoints(cohort: Cohort) -> list[str]:
    """Keys of the endpoints that know their competing event."""
    return [key for key, endpoint in cohort.endpoints.items() if endpoint.competing is not None]


def incidence_outcome(
    cohort: Cohort,
    mask: Bools,
    endpoint_key: str,
    grouping: Grouping | None = None,
    *,
    limit: float | None = None,
    truncated: bool = True,
) -> Outcome:
    """Follow-up of those for whom it is known which of the two events came, if any.

    As :func:`app.study.outcomes.outcome_of`, and who had no event but may have died is left out
    and counted.

    Raises
    ------
    ValueError
        If the endpoint has no competing event.
    CohortError
        If the cohort has no such endpoint.
    """
    options: dict[str, Any] = {"limit": limit, "truncated": truncated}
    outcome = outcome_of(cohort, mask, endpoint_key, grouping, **options)
    endpoint = outcome.endpoint
    if endpoint.competing is None:
        raise ValueError(
            f"{endpoint.label} has no competing event, so its incidence is one minus its survival "
            "curve: choose an endpoint that has one."
        )
    competing = cohort.numbers(endpoint.competing)
    time = cohort.numbers(endpoint.time)
    event = cohort.numbers(endpoint.event)
    unknown = outcome.used & np.isnan(competing) & (event == 0)
    if limit is not None:
        unknown &= time <= limit + slack(limit)
    number = int(np.count_nonzero(unknown))
    if not number:
        return outcome
    known = outcome_of(cohort, mask & ~unknown, endpoint_key, grouping, **options)
    return replace(
        known,
        selected=outcome.selected,
        left_out={**outcome.left_out, not_recorded(endpoint): number},
    )


def estimate_of(outcome: Outcome, code: int, colour: str) -> GroupEstimate:
    """The estimates of one group."""
    own = outcome.codes == code
    time, cause = outcome.time[own], outcome.cause[own]
    entry = None if outcome.entry is None else outcome.entry[own]
    many = np.ones(len(time), dtype=np.int64) if outcome.copies is None else outcome.copies[own]
    events, competing = (int(many[cause == kind].sum()) for kind in (EVENT, COMPETING))
    incidence = naive = None
    note = ""
    if not len(time):
        note = "nobody to follow"
    elif not events + competing:
        note = "no event of either kind"
    elif outcome.copies is not None:
        incidence = cumulative_incidence_from_events(outcome.table(own))
        naive = kaplan_meier_from_events(outcome.table(own))
    else:
        incidence = cumulative_incidence(time, cause, entry)
        naive = kaplan_meier(time, cause == EVENT, entry)
    name = outcome.names[code]
    return GroupEstimate(name, colour, int(many.sum()), events, competing, incidence, naive, note)
