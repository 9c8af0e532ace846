"""Restricted mean survival by group for every horizon that the follow-up supports."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from app.analysis.survival import FEWEST_AT_RISK, Curves, last_with, rmst_differences
from app.cohort.groupings import Grouping
from app.views.survival.curves.analysis import GroupSurvival, survival_by_group
from data_loaders import Cohort
from data_loaders.arrays import Bools
from data_loaders.wording import listing

# Months between horizons: the finest that needs no more points than a figure shows.
_STEPS = (0.25, 0.5, 1.0, 2.0, 3.0, 6.0, 12.0)
_MOST_HORIZONS = 90
_DIFFERENCE = {
    "reference": "reference",
    "difference": "difference",
    "lower": "difference_lower",
    "upper": "difference_upper",
    "p_value": "p_value",
}


@dataclass(frozen=True, eq=False)
class MeansOverTime:
    """Restricted means of the groups over the horizon, and their differences from the reference.

    Parameters
    ----------
    survival
        The curves that the means are areas under.
    table
        One row a horizon and compared group, the reference first: tau (months), group, n_risk,
        rmst, std_error, lower, upper, reference, difference, difference_lower, difference_upper
        (pointwise, within -tau and tau), p_value. Empty where no horizon is supported; without
        a difference where there is nothing to compare with.
    """

    survival: GroupSurvival
    table: pd.DataFrame
    notes: tuple[str, ...]

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups that have means, the reference first."""
        return tuple(self.table["group"].unique())

    @property
    def others(self) -> tuple[str, ...]:
        """The groups that have differences from the reference."""
        return tuple(self.table["group"][self.table["difference"].notna()].unique())

    @property
    def longest(self) -> float:
        """The longest horizon in months; 0 where none is supported."""
        return float(self.table["tau"].max()) if len(self.table) else 0.0

    def of(self, group: str) -> pd.DataFrame:
        """The rows of a group, by horizon."""
        return self.table[self.table["group"] == group]


def means_over_time(
    cohort: Cohort,
    mask: Bools,
    endpoint_key: str,
    grouping: Grouping | None = None,
    *,
    limit: float | None = None,
    truncated: bool = True,
) -> MeansOverTime:
    """Restricted mean survival of each group, and its difference, as functions of the horizon.

    A horizon counts where at least 10 patients are at risk in every group that is compared;
    groups that never have as many are not compared.

    Raises
    ------
    CohortError
        If the cohort has no such endpoint.
    """
    return means_of(
        survival_by_group(
            cohort, mask, endpoint_key, grouping, limit=limit, truncated=truncated, pairs=False
        )
    )


def means_of(survival: GroupSurvival) -> MeansOverTime:
    """The same of curves, which may be of counts of patients instead of rows."""
    compared = {name: km for name, km in survival.by_name.items() if last_with(km) > 0}
    table = _table(compared, _horizons(compared), survival.reference)
    return MeansOverTime(survival, table, (*_notes(survival, compared, table), *survival.notes))


def _horizons(compared: Curves) -> list[float]:
    """Round months at which every group still has 10 at risk."""
    longest = min(map(last_with, compared.values()), default=0.0)
    step = next((step for step in _STEPS if longest / step <= _MOST_HORIZONS), _STEPS[-1])
    months = step * np.arange(1, int(longest / step + 1e-9) + 1)
    for km in compared.values():
        # Who enters late is not at risk from the start, so short horizons can lack patients too.
        months = months[km.at(months)["n_risk"].to_numpy() >= FEWEST_AT_RISK]
    return [float(month) for month in months]


def _table(compared: Curves, horizons: list[float], reference: str) -> pd.DataFrame:
    """The means of every horizon, and beside them the differences where there are any."""
    means = pd.DataFrame(
        [
            (tau, str(name), float(mean), mean.std_error, mean.lower, mean.upper)
            for tau in horizons
            for name, km in compared.items()
            for mean in [km.rmst(tau)]
        ],
        columns=["tau", "group", "rmst", "std_error", "lower", "upper"],
    )
    at_risk = [km.at(horizons)["n_risk"].to_numpy() for km in compared.values()]
    means.insert(2, "n_risk", np.transpose(at_risk).astype(int).ravel() if horizons else [])
    if len(compared) < 2 or reference not in compared or not horizons:
        return means.assign(**dict.fromkeys(_DIFFERENCE.values(), np.nan))
    parts = [rmst_differences(compared, tau, reference) for tau in horizons]
    differences = pd.concat(parts)[["tau", "group", *_DIFFERENCE]].rename(columns=_DIFFERENCE)
    return means.merge(differences, how="left", on=["tau", "group"])


def _notes(survival: GroupSurvival, compared: Curves, table: pd.DataFrame) -> list[str]:
    small = [curve.name for curve in survival.drawn if curve.name not in compared]
    if survival.drawn and table.empty:
        return [
            f"No horizon has {FEWEST_AT_RISK} patients at risk in every group, so no mean is drawn."
        ]
    notes = []
    if small:
        notes.append(f"Not drawn, as never {FEWEST_AT_RISK} are at risk in: {listing(small)}.")
    if survival.reference in small and len(compared) > 1:
        notes.append("The reference is among them, so there is no difference from it.")
    return notes
