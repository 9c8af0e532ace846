"""Kinds of patients, by age and class, of whom some followed a strategy: of others nothing is said.

Weights cannot stand in for patients who are not there (positivity). The rule looks at who was
transplanted when and at nothing that happened afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from app.analysis.arrays import Bools, Floats
from app.analysis.transplant._diagnostics import age_bands
from app.analysis.transplant._strata import rows_of
from app.analysis.transplant._strategies import Strategy
from app.analysis.transplant._trial_data import TrialData

# Followers of the strategy that a kind of patients and that a class need.
FEWEST_OF_A_KIND, FEWEST_OF_A_CLASS = 2, 10


@dataclass(frozen=True, eq=False)
class Kinds:
    """Which kinds of patients can be compared.

    Attributes
    ----------
    table
        One row a kind: class, age, n, followed, supported.
    inside
        Who is of a supported kind, shape (n,); everybody where no kind is.
    words
        Why the others are left out, as in ``TrialData.left_out``.
    """

    table: pd.DataFrame
    inside: Bools
    words: str

    @property
    def left_out(self) -> int:
        """Patients of kinds that are not supported."""
        return int((~self.inside).sum())


def kinds_of(
    data: TrialData,
    strategy: Strategy,
    age: Floats | None,
    *,
    grace: float,
    progression: str | None = None,
) -> Kinds:
    """Count who followed a strategy among the patients of each age band and class.

    Parameters
    ----------
    age
        Years of each row of the data, shape (n,); None where no age is known.
    """
    window = strategy.window(data, grace, progression)
    followed = data.ever_treated & (data.treated >= window.opens) & (data.treated <= window.closes)
    frame = pd.DataFrame({"followed": followed, "n": 1})
    frame["class"] = pd.Categorical.from_codes(data.groups, list(data.names), ordered=True)
    frame["age"] = "any age" if age is None else age_bands(age)
    own = frame.groupby(["class", "age"], observed=True)
    table = own[["n", "followed"]].sum().reset_index()
    of_class = frame.groupby("class", observed=True)["followed"].sum()
    enough = table["class"].map(of_class).astype(int) >= FEWEST_OF_A_CLASS
    table["supported"] = enough & (table["followed"] >= FEWEST_OF_A_KIND)
    inside = (own["followed"].transform("sum") >= FEWEST_OF_A_KIND).to_numpy(dtype=bool)
    inside &= frame["class"].map(of_class).astype(int).to_numpy() >= FEWEST_OF_A_CLASS
    # A missing age is a kind of its own, of which nothing is known.
    inside &= frame["age"].notna().to_numpy()
    if not inside.any():
        inside = np.ones(data.n, dtype=bool)
    words = (
        f"of a kind (age and class) of whom fewer than {FEWEST_OF_A_KIND} followed "
        f"'{strategy.label}', or of a class with fewer than {FEWEST_OF_A_CLASS}"
    )
    return Kinds(table, inside, words)


def without_kinds(data: TrialData, kinds: Kinds) -> TrialData:
    """The patients of supported kinds; the others are counted among those left out."""
    if not kinds.left_out:
        return data
    reason = data.reason.copy()
    reason[data.rows[~kinds.inside]] = len(data.left_out)
    part = rows_of(data, np.flatnonzero(kinds.inside))
    present = np.unique(part.groups)
    return replace(
        part,
        groups=np.searchsorted(present, part.groups),
        names=tuple(data.names[code] for code in present),
        left_out={**data.left_out, kinds.words: kinds.left_out},
        reason=reason,
    )
