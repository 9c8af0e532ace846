"""Published survival of a score's classes beside what is observed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from app.analysis.arrays import Ints
from app.analysis.survival import kaplan_meier


def class_calibration(
    time: Any, event: Any, codes: Ints, names: Sequence[str], published: Mapping[str, float]
) -> pd.DataFrame:
    """Observed against published median survival, class by class.

    Free of any model: at the published median half of a class should be alive.

    Parameters
    ----------
    time, event
        As in :func:`app.analysis.survival.kaplan_meier`; in the unit of the medians.
    codes
        Class of each patient as a position in ``names``, shape (n,); -1 leaves out.
    names
        Classes in their order.
    published
        Median of a class; infinite where it was not reached, absent where none was read.

    Returns
    -------
    DataFrame
        One row a class with patients: class, n, events, median, median_lower, median_upper,
        published, at_published (observed survival at the published median), lower, upper. NaN
        where follow-up ends before.
    """
    own_time, own_event = np.asarray(time, dtype=np.float64), np.asarray(event)
    rows: list[dict[str, object]] = []
    for position, name in enumerate(names):
        here = np.asarray(codes) == position
        if not here.any():
            continue
        curve = kaplan_meier(own_time[here], own_event[here])
        median = published.get(name, np.nan)
        row: dict[str, object] = {
            "class": name, "n": curve.n, "events": curve.events, "median": float(curve.median),
            "median_lower": float(curve.median_ci[0]), "median_upper": float(curve.median_ci[1]),
            "published": median, "at_published": np.nan, "lower": np.nan, "upper": np.nan,
        }  # fmt: skip
        if np.isfinite(median) and median <= own_time[here].max():
            at = curve.at([median]).iloc[0]
            row |= {"at_published": at["survival"], "lower": at["lower"], "upper": at["upper"]}
        rows.append(row)
    return pd.DataFrame(rows)
