"""Immortal time made visible: a transplant that does nothing, and what a naive comparison says.

Simulated patients all die at the same rate, transplanted or not. Half of them are meant for a
transplant, which some do not live to receive; the longer the wait, the fewer. The naive comparison
puts those who died waiting among the others, and credits the wait to the transplant.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from app.analysis.arrays import Floats
from app.analysis.regression import counting_process, cox, cox_time_varying
from app.analysis.survival import KaplanMeier, kaplan_meier

MEDIAN_SURVIVAL = 24.0
HORIZON = 60.0
_PATIENTS, _SEED = 1_000, 2024
_COLUMNS = ["hr", "lower", "upper"]


@dataclass(frozen=True, eq=False)
class ImmortalTime:
    """What a useless transplant looks like, naively and with its time.

    Attributes
    ----------
    months_waited
        Average wait of who is meant for a transplant.
    n, n_meant, n_treated, deaths
        Patients; meant for a transplant; transplanted before death or the end; deaths.
    naive, honest
        Hazard ratio, lower and upper limit: ever against never, and time-dependent. The truth is 1.
    with_transplant, without
        The naive curves; the first is None where nobody lived to be transplanted.
    time, truth
        Months, and the survival that everybody has, transplanted or not.
    gain
        Months of life by the horizon that the naive comparison credits to the transplant; the truth
        is 0.
    """

    months_waited: float
    n: int
    n_meant: int
    n_treated: int
    deaths: int
    naive: tuple[float, float, float]
    honest: tuple[float, float, float]
    with_transplant: KaplanMeier | None
    without: KaplanMeier
    time: Floats
    truth: Floats
    gain: float

    @property
    def sentence(self) -> str:
        """What the reader sees, in words."""
        died = self.n_meant - self.n_treated
        start = (
            f"The transplant does nothing here. {died:,} of the {self.n_meant:,} meant for one "
            "died or were lost while waiting and count as not transplanted"
        )
        if np.isnan(self.gain):
            return f"{start}; nobody is left to compare."
        if self.months_waited == 0:
            return (
                "The transplant does nothing here, and nobody waits for it: the naive comparison "
                f"has hazard ratio {self.naive[0]:.2f} where 1 is true."
            )
        return (
            f"{start}. So the naive comparison credits the transplant with {self.gain:+.1f} months "
            f"of life within {HORIZON / 12:g} years and hazard ratio {self.naive[0]:.2f} where 1 "
            f"is true; with time-dependent exposure it is {self.honest[0]:.2f} "
            f"({self.honest[1]:.2f} to {self.honest[2]:.2f})."
        )


def immortal_time(months_waited: float) -> ImmortalTime:
    """Simulate patients for whom the transplant changes nothing.

    The same random numbers serve every wait, so that only the wait moves the answer.

    Parameters
    ----------
    months_waited
        Average wait until a transplant; waits lie between half and one and a half times of it.

    Raises
    ------
    ValueError
        If the wait is negative or not a number.
    """
    if not (np.isfinite(months_waited) and months_waited >= 0):
        raise ValueError("The wait must be a number of months, zero or more.")
    rng, n = np.random.Generator(np.random.PCG64(_SEED)), _PATIENTS
    # Every life is lived twice, once meant for a transplant: without a wait nothing differs.
    life = np.tile(rng.exponential(MEDIAN_SURVIVAL / np.log(2), n // 2), 2)
    wait = months_waited * rng.uniform(0.5, 1.5, n)
    meant = np.arange(n) < n // 2
    time = np.minimum(life, HORIZON)
    event = (life <= HORIZON).astype(np.float64)
    given = np.where(meant & (wait < time), wait, np.nan)
    ever = np.isfinite(given)
    frame = pd.DataFrame({"time": time, "event": event, "given": given, "ever": ever.astype(float)})
    naive = honest = (float("nan"),) * 3
    with_transplant = None
    gain = float("nan")
    without = kaplan_meier(time[~ever], event[~ever])
    if ever.any() and event[ever].any():
        naive = _ratio(cox(frame, "time", "event", ["ever"]).summary)
        rows = counting_process(frame, "time", "event", {"transplanted": "given"})
        model = cox_time_varying(rows, "start", "stop", "event", ["transplanted"])
        honest = _ratio(model.summary)
        with_transplant = kaplan_meier(time[ever], event[ever])
        gain = float(with_transplant.rmst(HORIZON)) - float(without.rmst(HORIZON))
    at = np.linspace(0.0, HORIZON, 61)
    return ImmortalTime(
        months_waited=float(months_waited),
        n=n,
        n_meant=int(meant.sum()),
        n_treated=int(ever.sum()),
        deaths=int(event.sum()),
        naive=naive,
        honest=honest,
        with_transplant=with_transplant,
        without=without,
        time=at,
        truth=np.asarray(0.5 ** (at / MEDIAN_SURVIVAL)),
        gain=gain,
    )


def _ratio(summary: pd.DataFrame) -> tuple[float, float, float]:
    hr, lower, upper = (float(value) for value in summary.iloc[0][_COLUMNS])
    return hr, lower, upper
