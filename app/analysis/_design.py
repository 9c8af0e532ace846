"""From columns of a table to the design matrix of a regression, with everyone accounted for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from app.analysis._survival_data import Bools, Floats

RANK_TOLERANCE = 1e-8


@dataclass(frozen=True)
class Term:
    """One coefficient of a model.

    Attributes
    ----------
    name
        ``age_years``, ``driver=JAK2`` or ``age_years:driver=JAK2``.
    variables
        The covariates it belongs to: one, or two for an interaction.
    level, reference
        For a level of a categorical covariate: the level and what it is compared with.
    per
        The hazard ratio is per this many units.
    """

    name: str
    variables: tuple[str, ...]
    level: str | None = None
    reference: str | None = None
    per: float = 1.0


@dataclass(frozen=True)
class Design:
    """Design matrix of the complete cases.

    Attributes
    ----------
    matrix
        One row a complete case, one column a term; numeric covariates divided by their unit.
    terms
        What the columns are.
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
    references
        Reference level of categorical covariates; the first level by default.
    units
        Units a numeric covariate's effect is given for, such as ``{"age_years": 10}``.
    interactions
        Pairs of covariates whose product enters too.

    Returns
    -------
    Design

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
    columns: dict[str, list[tuple[Term, Floats]]] = {}
    notes: list[str] = []
    for name in covariates:
        columns[name] = _covariate(complete[name], name, references or {}, units or {}, notes)
    parts = [part for name in covariates for part in columns[name]]
    for a, b in interactions:
        parts += [_product(left, right) for left in columns[a] for right in columns[b]]
    matrix = np.column_stack([values for _, values in parts])
    terms = tuple(term for term, _ in parts)
    _check_rank(matrix, terms)
    return Design(matrix, terms, kept, missing, tuple(notes))


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
    for name in [*others, *covariates]:
        if name not in frame.columns:
            raise ValueError(f"The table has no column '{name}': choose one of its columns.")
    for name in covariates:
        if name in others:
            raise ValueError(f"'{name}' is part of the outcome or the strata: take it out.")
    for pair in interactions:
        for name in pair:
            if name not in covariates:
                raise ValueError(f"An interaction with '{name}' needs '{name}' in the model too.")


def _covariate(
    column: pd.Series,
    name: str,
    references: Mapping[str, object],
    units: Mapping[str, float],
    notes: list[str],
) -> list[tuple[Term, Floats]]:
    if pd.api.types.is_numeric_dtype(column.dtype):
        values = column.to_numpy(dtype=np.float64)
        if not np.isfinite(values).all():
            raise ValueError(f"'{name}' holds infinite values: correct them or take it out.")
        per = float(units.get(name, 1.0))
        if not (np.isfinite(per) and per > 0):
            raise ValueError(f"The unit of '{name}' must be a positive number.")
        if np.ptp(values) == 0:
            raise ValueError(_constant(name, len(values)))
        return [(Term(name, (name,), per=per), values / per)]
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
    return [
        (
            Term(f"{name}={level}", (name,), str(level), str(reference)),
            (column == level).to_numpy(dtype=np.float64),
        )
        for level in levels
        if level != reference
    ]


def _product(left: tuple[Term, Floats], right: tuple[Term, Floats]) -> tuple[Term, Floats]:
    (a, x), (b, y) = left, right
    term = Term(f"{a.name}:{b.name}", (*a.variables, *b.variables), per=a.per * b.per)
    return term, x * y


def _constant(name: str, n: int) -> str:
    return f"'{name}' is the same in all {n} patients analysed, so it has no effect to estimate."


def _check_rank(matrix: Floats, terms: tuple[Term, ...]) -> None:
    """Name the first term that the terms before it determine."""
    scaled = matrix - matrix.mean(axis=0)
    norms = np.linalg.norm(scaled, axis=0)
    basis = np.empty((len(scaled), 0))
    for position, term in enumerate(terms):
        vector = scaled[:, position] / max(float(norms[position]), np.finfo(float).tiny)
        for _ in range(2):  # the second pass removes what rounding left of the first
            vector = vector - basis @ (basis.T @ vector)
        rest = float(np.linalg.norm(vector))
        if rest < RANK_TOLERANCE:
            raise ValueError(
                f"'{term.name}' is determined by the other terms of the model (collinear) in the "
                f"{len(matrix)} patients analysed: take it or one of them out."
            )
        basis = np.column_stack([basis, vector / rest])
