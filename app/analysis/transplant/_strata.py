"""The patients of a trial divided in another way than by its risk classes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from app.analysis.arrays import Floats
from app.analysis.transplant._trial_data import TrialData


def restratified(data: TrialData, labels: pd.Series, name: str, *, model: bool) -> TrialData:
    """The patients whose label is known, with the labels as their classes.

    Parameters
    ----------
    labels
        One label a row of ``data``, in the order of its rows; missing leaves the patient out.
    name
        What the labels say: ``TP53 multi-hit``.
    model
        Whether each label is a confounder of its own, where no confounder tells the labels apart.

    Raises
    ------
    ValueError
        If fewer than two labels are left.
    """
    labels = labels.reset_index(drop=True)
    kept = labels.notna().to_numpy()
    own = labels[kept]
    levels = (
        [level for level in own.cat.categories if (own == level).any()]
        if isinstance(own.dtype, pd.CategoricalDtype)
        else sorted(own.unique(), key=str)
    )
    if len(levels) < 2:
        raise ValueError(
            f"{name} does not divide these patients: all have the same, or none known."
        )
    codes = np.array([levels.index(label) for label in own], dtype=np.int64)
    part = rows_of(data, np.flatnonzero(kept))
    x, terms = part.x, part.terms
    if model and not _told_apart(part, codes):
        columns = [(codes == position).astype(np.float64) for position in range(1, len(levels))]
        x = np.column_stack([x, *((c - c.mean()) / c.std() for c in columns)])
        extra = [name] if len(levels) == 2 else [f"{name}: {level}" for level in levels[1:]]
        terms = (*terms, *extra)
    return replace(part, x=x, terms=terms, groups=codes, names=tuple(map(str, levels)))


def rows_of(data: TrialData, rows: Any) -> TrialData:
    """Some rows of a trial's patients, in their order."""
    picked: dict[str, Floats] = {
        field: getattr(data, field)[rows]
        for field in ("time", "event", "treated", "entry", "x", "groups", "centres", "rows")
    }
    return replace(
        data,
        **picked,  # type: ignore[arg-type]
        confounders=data.confounders.iloc[rows].reset_index(drop=True),
        onsets={name: onset[rows] for name, onset in data.onsets.items()},
    )


def without_confounders(data: TrialData, names: Collection[str] | None = None) -> TrialData:
    """The patients without some of their confounders (all by default; onsets too), as unrecorded.

    Parameters
    ----------
    names
        Columns of ``confounders``, or names of onsets.
    """
    if names is None:
        names = {*map(str, data.confounders.columns), *data.onsets}
    gone = tuple(f"{name}{mark}" for name in names for mark in (" squared", ": "))
    kept = [not (term in names or term.startswith(gone)) for term in data.terms]
    return replace(
        data,
        x=data.x[:, kept],
        terms=tuple(term for term, keep in zip(data.terms, kept, strict=True) if keep),
        confounders=data.confounders.drop(columns=[c for c in data.confounders if c in names]),
        onsets={name: onset for name, onset in data.onsets.items() if name not in names},
    )


def _told_apart(data: TrialData, codes: Any) -> bool:
    """Whether a column of the design already holds the labels, up to its scale."""
    for column in data.x.T:
        if pd.Series(column).groupby(codes).nunique().eq(1).all():
            means = pd.Series(column).groupby(codes).first()
            if means.nunique() == len(means):
                return True
    return False
