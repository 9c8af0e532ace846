"""How often alterations occur, always of the patients tested."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri

Floats = npt.NDArray[np.float64]


def wilson_interval(
    successes: npt.ArrayLike, n: npt.ArrayLike, conf_level: float = 0.95
) -> tuple[Floats, Floats]:
    """Confidence interval of a proportion by Wilson's score method (1927), without correction.

    Parameters
    ----------
    successes, n
        Counts; the limits are NaN where ``n`` is 0.
    conf_level
        Level, such as 0.95.

    Returns
    -------
    tuple of arrays
        Lower and upper limits.
    """
    z = float(ndtri(0.5 + conf_level / 2))
    k, size = np.asarray(successes, dtype=float), np.asarray(n, dtype=float)
    with np.errstate(invalid="ignore", divide="ignore"):
        p = k / size
        centre = (p + z**2 / (2 * size)) / (1 + z**2 / size)
        half = z / (1 + z**2 / size) * np.sqrt(p * (1 - p) / size + z**2 / (4 * size**2))
    return np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1)


def alteration_frequencies(alterations: pd.DataFrame, conf_level: float = 0.95) -> pd.DataFrame:
    """Frequency of every alteration among the patients tested for it.

    Parameters
    ----------
    alterations
        Patients x features; NA = not tested.
    conf_level
        Level of the Wilson intervals.

    Returns
    -------
    DataFrame
        feature, altered, tested, frequency, lower, upper; the most frequent first, then by name.
        Frequency and limits are NaN for a feature tested in nobody.
    """
    tested = alterations.notna().sum().to_numpy(dtype=int)
    altered = alterations.sum(skipna=True).to_numpy(dtype=int)
    lower, upper = wilson_interval(altered, tested, conf_level)
    with np.errstate(invalid="ignore", divide="ignore"):
        frequency = altered / tested
    table = pd.DataFrame(
        {
            "feature": [str(name) for name in alterations.columns],
            "altered": altered,
            "tested": tested,
            "frequency": frequency,
            "lower": lower,
            "upper": upper,
        }
    )
    return table.sort_values(["frequency", "feature"], ascending=[False, True], ignore_index=True)
