"""What would have happened to the patients of ``demo:mds`` under any timing of the transplant.

The cohort is drawn again up to its outcomes, with the same random numbers, so that the planted
model of each patient is known exactly, values that the cohort shows as missing included.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_loaders.arrays import Floats, Ints
from data_loaders.demo._mds import planted_process
from data_loaders.demo.outcomes import (
    DeathProcess,
    TreatmentFactors,
    survival_under_treatment,
)


@dataclass(frozen=True, eq=False)
class PotentialOutcomes:
    """The planted model of survival.

    Attributes
    ----------
    patients
        The patients without gaps, in the cohort's order.
    death
        How each dies without a transplant.
    factors
        What a transplant multiplies the hazard of death by.
    """

    patients: pd.DataFrame
    death: DeathProcess
    factors: TreatmentFactors

    def survival(self, rows: Ints, months: npt.NDArray[np.floating[Any]], given: float) -> Floats:
        """Mean survival of some patients if all alive then were transplanted at one month.

        Parameters
        ----------
        given
            Month of the transplant; infinite for none.
        """
        mask = np.zeros(len(self.patients), dtype=np.bool_)
        mask[rows] = True
        factors = TreatmentFactors(
            self.factors.early[mask], self.factors.late[mask], self.factors.early_months
        )
        return survival_under_treatment(
            np.asarray(months, dtype=np.float64),
            self.death.rate[mask],
            self.death.clock.of(mask),
            given,
            factors,
        )


def potential_outcomes(n: int, seed: int) -> PotentialOutcomes:
    """The planted model of the MDS demo of that size and seed."""
    return PotentialOutcomes(*planted_process(n, seed))
