"""What may leave a hospital: large groups, rounded cumulative counts, nothing by subtraction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from app.cohort.tally._events import COUNTS
from app.cohort.tally._tally import TallyError
from data_loaders.arrays import Bools

HIDDEN = -1
_DIGITS = 3
# Half years for ten years, years after that; a last point that nobody outlives is added.
HALF_YEARS = (*range(0, 121, 6), *range(132, 481, 12))


@dataclass(frozen=True)
class ReleasePolicy:
    """What may leave a hospital.

    Attributes
    ----------
    minimum
        Groups of fewer patients are left out, and counts below it hidden; 1 hides nothing.
    rounding
        Counts are rounded to its multiples; 1 leaves them exact.
    grid
        Points of follow-up, in months.
    """

    minimum: int = 5
    rounding: int = 5
    grid: tuple[float, ...] = HALF_YEARS

    def __post_init__(self) -> None:
        if self.minimum < 1 or self.rounding < 1:
            raise TallyError("The smallest count and the base of rounding are from 1 up.")
        if self.rounding < self.minimum:
            raise TallyError(
                f"A count hidden below {self.minimum} follows from finer ones by subtraction: "
                f"round to {self.minimum} at least."
            )
        if len(self.grid) < 2 or self.grid[0] != 0 or (np.diff(self.grid) <= 0).any():
            raise TallyError("The grid of follow-up starts at 0 and ascends.")


def allowed(table: pd.DataFrame, policy: ReleasePolicy) -> pd.DataFrame:
    """Groups that are large enough, on the whole grid, with rounded cumulative counts.

    Everyone together is released too: where those left out are fewer than the minimum, what they
    did would follow by subtraction, so the smallest of the others is left out with them.
    """
    sizes = table.groupby("group", observed=False)["entered"].sum()
    kept = sizes >= policy.minimum
    while kept.any() and 0 < sizes[~kept].sum() < policy.minimum:
        kept[sizes[kept].idxmin()] = False
    parts = []
    for name in table["group"].cat.categories[kept.to_numpy()]:
        own = table[table["group"] == name].set_index("time")[list(COUNTS)]
        if policy.rounding > 1:
            own = own.reindex(list(policy.grid), fill_value=0)
            ends = own[["events", "competing", "censored"]].cumsum()
            ends = (ends + policy.rounding // 2) // policy.rounding * policy.rounding
            own = ends.diff().fillna(ends.iloc[:1]).astype(np.int64)
            own.insert(0, "entered", 0)
            own.iloc[0, 0] = int(own.to_numpy().sum())
        parts.append(own.reset_index().assign(group=str(name)))
    columns = ["group", "time", *COUNTS]
    whole = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    names = [part["group"].iloc[0] for part in parts]
    whole["group"] = pd.Categorical(whole["group"], names, ordered=True)
    return whole[columns]


def check_differences(groups: Mapping[str, Bools], policy: ReleasePolicy) -> None:
    """Refuse groups that differ by a few patients: their counts would be those patients'.

    Parameters
    ----------
    groups
        Who is in each of several groupings' groups, by what they are called.

    Raises
    ------
    TallyError
        For the first two.
    """
    large = {name: who for name, who in groups.items() if int(who.sum()) >= policy.minimum}
    for (one, first), (other, second) in combinations(large.items(), 2):
        if 0 < int((first ^ second).sum()) < policy.minimum:
            raise TallyError(
                f"{one} and {other} differ by fewer than {policy.minimum} patients, whose counts "
                "would follow by subtraction: release one of them."
            )


def blurred(value: float, policy: ReleasePolicy) -> float:
    """A mean or a standard deviation with as many digits as do not tell how many it is of.

    The sum of whole numbers is a whole number: an exact mean would give away the exact count.
    """
    return value if policy.rounding == 1 else float(f"{value:.{_DIGITS}g}")


def rounded(n: int, policy: ReleasePolicy) -> int:
    if 0 < n < policy.minimum or (policy.minimum > 1 and n == 0):
        return HIDDEN
    return int((n + policy.rounding // 2) // policy.rounding * policy.rounding)
