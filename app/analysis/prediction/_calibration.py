"""Published survival of a score's classes beside what is observed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from app.analysis.arrays import Ints
from app.analysis.survival import kaplan_meier


def class_calibration(
    time: Any,
    event: Any,
    codes: Ints,
    names: Sequence[str],
    published: Mapping[str, tuple[float, float]],
) -> pd.DataFrame:
    """Observed against published survival, class by class.

    Free of any model: at a published median half of a class should be alive.

    Parameters
    ----------
    codes
        Class of each patient as a position in ``names``, shape (n,); -1 leaves out.
    names
        Classes in their order.
    published
        What was printed of a class: a time, and the share alive then (one half at a median).

    Returns
    -------
    DataFrame
        One row a class with patients: class, n, events, median, median_lower, median_upper,
        published_time, published (share alive then), observed (then, with lower and upper). NaN
        where nothing was printed, or follow-up ends before.
    """
    own_time, own_event = np.asarray(time, dtype=np.float64), np.asarray(event)
    rows: list[dict[str, object]] = []
    for position, name in enumerate(names):
        here = np.asarray(codes) == position
        if not here.any():
            continue
        curve = kaplan_meier(own_time[here], own_event[here])
        moment, share = published.get(name, (np.nan, np.nan))
        row: dict[str, object] = {
            "class": name, "n": curve.n, "events": curve.events, "median": float(curve.median),
            "median_lower": float(curve.median_ci[0]), "median_upper": float(curve.median_ci[1]),
            "published_time": moment, "published": share,
            "observed": np.nan, "lower": np.nan, "upper": np.nan,
        }  # fmt: skip
        if moment <= own_time[here].max():
            at = curve.at([moment]).iloc[0]
            row |= {"observed": at["survival"], "lower": at["lower"], "upper": at["upper"]}
        rows.append(row)
    return pd.DataFrame(rows)
