"""Covariates that an analysis is adjusted for: which a cohort offers, and their table."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from data_loaders import Cohort, CohortError, Variable
from data_loaders.arrays import Bools

MAX_LEVELS = 12
_SEX = {"sex", "gender"}
_ROLES = ("demographic", "disease", "laboratory", "clinical", "study")


def adjustment_options(cohort: Cohort) -> list[str]:
    """Columns that models can be adjusted for: known at baseline, numbers or few categories.

    Age and sex lead, then disease variables and risk scores, laboratory, clinical, study.
    """
    found = [v for v in cohort.variables.values() if v.role in _ROLES and is_usable(cohort, v)]
    names = [v.name for v in sorted(found, key=lambda v: _ROLES.index(v.role))]
    first = age_and_sex(cohort)
    return [*first, *(name for name in names if name not in first)]


def age_and_sex(cohort: Cohort) -> list[str]:
    """The columns of age and sex that the cohort has, whatever their file calls them."""
    found = [age_column(cohort), sex_column(cohort)]
    return [
        name for name in found if name is not None and is_usable(cohort, cohort.variables[name])
    ]


def sex_column(cohort: Cohort) -> str | None:
    """The column of the sex, None where there is none."""
    return next((v.name for v in _people(cohort, numeric=False) if v.label.lower() in _SEX), None)


def age_column(cohort: Cohort) -> str | None:
    """The column of the age, None where there is none."""
    ages = (v for v in _people(cohort, numeric=True) if v.label.lower().startswith("age"))
    return next((v.name for v in ages), None)


def _people(cohort: Cohort, *, numeric: bool) -> list[Variable]:
    """What is recorded of who the patients are, as numbers or otherwise."""
    return [
        v
        for v in cohort.variables.values()
        if v.role == "demographic"
        and (v.kind == "numeric") == numeric
        and v.name in cohort.patients.columns
    ]


def covariate_frame(
    cohort: Cohort, used: Bools, columns: Sequence[str]
) -> tuple[pd.DataFrame, list[str]]:
    """Covariates of the patients used, under their labels, without those that say nothing.

    Returns
    -------
    tuple
        One row a patient used; and the labels of the columns that were left out, because they have
        the same value in all of these patients or none at all.

    Raises
    ------
    CohortError
        If the cohort has no such column.
    """
    frame: dict[str, pd.Series] = {}
    constant = []
    for name in columns:
        variable = cohort.variables.get(name)
        if variable is None or name not in cohort.patients.columns:
            raise CohortError(f"This cohort has no variable called {name} to adjust for.")
        values = cohort.patients.loc[used, name]
        label = variable.label if variable.label not in frame else f"{variable.label} ({name})"
        if values.nunique(dropna=True) < 2:
            constant.append(variable.label)
        elif pd.api.types.is_numeric_dtype(values.dtype):
            frame[label] = values.astype(float)
        else:
            frame[label] = _categories(values, variable)
    return pd.DataFrame(frame, index=cohort.patients.index[used]), constant


def _categories(values: pd.Series, variable: Variable) -> pd.Series:
    """Levels in their order, so that the first, as a rule the lowest risk, is the reference."""
    present = [str(value) for value in values.dropna().unique()]
    known = [level for level in variable.levels if level in present]
    order = known + sorted(value for value in present if value not in known)
    words = values.astype("object").map(str, na_action="ignore")
    return words.astype(pd.CategoricalDtype(order))


def is_usable(cohort: Cohort, variable: Variable) -> bool:
    """Whether models can be adjusted for a variable: a number or few categories, in this cohort."""
    if variable.name not in cohort.patients.columns:
        return False
    if variable.kind == "numeric":
        return bool(pd.api.types.is_numeric_dtype(cohort.patients[variable.name].dtype))
    if variable.kind not in {"categorical", "ordinal", "binary"}:
        return False
    return 2 <= len(cohort.factor(variable.name)[1]) <= MAX_LEVELS
