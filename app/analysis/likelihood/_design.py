"""From columns of a table to the design matrix of a regression, with everyone accounted for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import pandas as pd

from app.analysis.arrays import Bools, Floats
from app.analysis.survival_input import refuse_dates

RANK_TOLERANCE = 1e-8


@dataclass(frozen=True)
class Part:
    """One covariate's share in a term.

    Attributes
    ----------
    level, reference
        For a level of a categorical covariate: the level, and what it is compared with.
    per
        A numeric covariate's hazard ratio is per this many units.
    """

    variable: str
    level: object = None
    reference: object = None
    per: float = 1.0

    @property
    def name(self) -> str:
        """``age_years`` or ``driver=JAK2``."""
        return self.variable if self.level is None else f"{self.variable}={self.level}"

    def values(self, frame: pd.DataFrame) -> Floats:
        """The column of the design matrix, shape (rows,)."""
        column = frame[self.variable]
        if self.level is None:
            return np.asarray(column.to_numpy(dtype=np.float64) / self.per)
        return np.asarray(column == self.level, dtype=np.float64)


@dataclass(frozen=True)
class Term:
    """One coefficient of a model: one part, or the product of two for an interaction."""

    parts: tuple[Part, ...]

    @property
    def name(self) -> str:
        """``age_years``, ``driver=JAK2`` or ``age_years:driver=JAK2``."""
        return ":".join(part.name for part in self.parts)

    @property
    def variable(self) -> str:
        """The covariate, or the two of an interaction joined by a colon."""
        return ":".join(part.variable for part in self.parts)

    @property
    def level(self) -> str | None:
        """The level compared; None for numbers and interactions."""
        only = self.parts[0] if len(self.parts) == 1 else None
        return None if only is None or only.level is None else str(only.level)

    @property
    def reference(self) -> str | None:
        """What the level is compared with."""
        return None if self.level is None else str(self.parts[0].reference)

    @property
    def per(self) -> float:
        """The hazard ratio is per this many units."""
        return float(np.prod([part.per for part in self.parts]))


def encode(frame: pd.DataFrame, terms: Sequence[Term]) -> Floats:
    """Columns of the design matrix for any table with the terms' covariates, (rows, terms)."""
    columns = [reduce(np.multiply, [part.values(frame) for part in term.parts]) for term in terms]
    return np.array(columns).T  # column by column in memory, as the sums over patients read it


@dataclass(frozen=True)
class Design:
    """Design matrix of the complete cases.

    Attributes
    ----------
    matrix
        One row a complete case, one column a term; numeric covariates divided by their unit.
    kept
        Which rows of the table are complete, shape (rows of the table,).
    missing
        Rows lacking each column, where any do.
    notes
        Sentences about levels that nobody has.
    """

    matrix: Floats
    terms: tuple[Term, ...]
    kept: Bools
    missing: dict[str, int]
    notes: tuple[str, ...] = ()


def build_design(
    frame: pd.DataFrame,
    covariates: Sequence[str],
    others: Sequence[str],
    *,
    references: Mapping[str, object] | None = None,
    units: Mapping[str, float] | None = None,
    interactions: Sequence[tuple[str, str]] = (),
) -> Design:
    """Make the design matrix.

    Parameters
    ----------
    frame
        One row a patient (or an interval).
    covariates
        Columns to model. Numbers and booleans enter as they are, everything else by its levels.
    others
        Further columns that must be known: times, event, strata.
    references, units, interactions
        As in :func:`app.analysis.regression.cox`.

    Raises
    ------
    ValueError
        If a column is absent, nobody is complete, a covariate does not vary or is determined by
        others.
    """
    _check_columns(frame, covariates, others, interactions)
    used = frame[list(dict.fromkeys([*others, *covariates]))]
    absent = used.isna()
    kept: Bools = ~absent.any(axis=1).to_numpy()
    missing = {str(name): int(count) for name, count in absent.sum().items() if count}
    if not kept.any():
        raise ValueError(
            "No patient has all the variables of this model: leave out the least complete ones."
        )
    complete = used.loc[kept]
    notes: list[str] = []
    parts = {
        name: _parts(complete[name], name, references or {}, units or {}, notes)
        for name in covariates
    }
    terms = tuple(Term((part,)) for name in covariates for part in parts[name])
    for a, b in interactions:
        terms += tuple(Term((left, right)) for left in parts[a] for right in parts[b])
    matrix = encode(complete, terms)
    _check_rank(matrix, terms)
    return Design(matrix, terms, kept, missing, tuple(notes))


def check_names(frame: pd.DataFrame, names: Sequence[str]) -> None:
    """Refuse columns that are not there, not named by text, or there more than once.

    Raises
    ------
    ValueError
        For the first of them.
    """
    for name in names:
        if not isinstance(name, str):
            raise ValueError(  # noqa: TRY004, all bad input is a ValueError here
                f"The column {name!r} is not named by text: rename it, such as "
                "frame.rename(columns=str)."
            )
        times = int(np.count_nonzero(frame.columns == name))
        if times > 1:
            raise ValueError(
                f"The table has {times} columns called '{name}': rename or drop all but one."
            )
        if not times:
            raise ValueError(f"The table has no column '{name}': choose one of its columns.")


def _check_columns(
    frame: pd.DataFrame,
    covariates: Sequence[str],
    others: Sequence[str],
    interactions: Sequence[tuple[str, str]],
) -> None:
    if isinstance(covariates, str) or not len(covariates):
        raise ValueError("A model needs a list of at least one covariate.")
    if len(set(covariates)) < len(covariates):
        raise ValueError("Each covariate can enter a model only once.")
    check_names(frame, [*others, *covariates])
    for name in covariates:
        if name in others:
            raise ValueError(f"'{name}' is part of the outcome or the strata: take it out.")
    for pair in interactions:
        for name in pair:
            if name not in covariates:
                raise ValueError(f"An interaction with '{name}' needs '{name}' in the model too.")


def _parts(
    column: pd.Series,
    name: str,
    references: Mapping[str, object],
    units: Mapping[str, float],
    notes: list[str],
) -> list[Part]:
    refuse_dates(column, f"The values of '{name}'")
    if pd.api.types.is_numeric_dtype(column.dtype):
        values = column.to_numpy(dtype=np.float64)
        if not np.isfinite(values).all():
            raise ValueError(f"'{name}' holds infinite values: correct them or take it out.")
        per = float(units.get(name, 1.0))
        if not (np.isfinite(per) and per > 0):
            raise ValueError(f"The unit of '{name}' must be a positive number.")
        if np.ptp(values) == 0:
            raise ValueError(_constant(name, len(values)))
        return [Part(name, per=per)]
    if isinstance(column.dtype, pd.CategoricalDtype):
        declared = list(column.cat.categories)
    else:
        declared = sorted(column.unique(), key=str)
    present = set(column.unique())
    levels = [level for level in declared if level in present]
    empty = [str(level) for level in declared if level not in present]
    if empty:
        notes.append(f"Nobody analysed has {name} = {', '.join(empty)}.")
    if len(levels) < 2:
        raise ValueError(_constant(name, len(column)))
    reference = references.get(name, levels[0])
    if reference not in levels:
        raise ValueError(f"The reference '{reference}' of '{name}' is not among the patients.")
    return [Part(name, level, reference) for level in levels if level != reference]


def _constant(name: str, n: int) -> str:
    alike = "is known for 1 patient only" if n == 1 else f"is the same in all {n} patients analysed"
    return f"'{name}' {alike}, so it has no effect to estimate."


def _check_rank(matrix: Floats, terms: tuple[Term, ...]) -> None:
    """Name the first term that the terms before it determine."""
    scaled = matrix - matrix.mean(axis=0)
    norms = np.linalg.norm(scaled, axis=0)
    triangle = np.linalg.qr(scaled / np.maximum(norms, np.finfo(float).tiny), mode="r")
    # The diagonal is how much of each term, of length 1, the terms before it leave.
    rest = np.zeros(len(terms))
    rest[: len(triangle)] = np.abs(np.diag(triangle))
    determined = np.flatnonzero(rest < RANK_TOLERANCE)
    if len(determined):
        name = terms[int(determined[0])].name
        raise ValueError(
            f"'{name}' is determined by the other terms of the model (collinear) in the "
            f"{len(matrix)} patients analysed: take it or one of them out."
        )
