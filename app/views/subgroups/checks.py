"""Subgroups against what else is known: where patients were tested, and other classifications."""

from __future__ import annotations

import re
from collections.abc import Collection

import numpy as np
import pandas as pd

from app.analysis.subgroups import Concordance, SubgroupResult, batch_check, concordance
from data_loaders import Cohort, Variable
from data_loaders.arrays import Bools
from data_loaders.model import CATEGORIES

_MOST_CLASSES = 40
_CLASS_NAME = re.compile(r"class|subtype|entity|cluster|group", re.IGNORECASE)
_INDEFINITE = re.compile(
    r"^(no[_ -]?(class|drivers?|known.*)|ambiguous.*|unclass.*|unknown|other|other driver"
    r"|not (definite|classified|otherwise.*)|nos|none)$",
    re.IGNORECASE,
)


def batch_table(cohort: Cohort, mask: Bools, result: SubgroupResult) -> pd.DataFrame:
    """Do the subgroups follow centre, study or panel? Bias-corrected Cramer's V.

    Parameters
    ----------
    cohort
        The cohort; every categorical variable about the study itself is checked.

    Returns
    -------
    DataFrame
        As of ``batch_check``; no rows where the cohort tells nothing of the kind.
    """
    checked = [v for v in cohort.variables.values() if v.role == "study" and v.kind in CATEGORIES]
    columns = {v.label: _selected(cohort, mask, v.name, result) for v in checked}
    return batch_check(result.labels, pd.DataFrame(columns, index=result.labels.index))


def classifications(cohort: Cohort, mask: Bools | None = None) -> list[Variable]:
    """Variables that classify patients, which subgroups can be compared with.

    Published classes first, then diagnosis, driver and what else is about the disease.

    Parameters
    ----------
    mask
        The patients selected: what is the same in all of them classifies nobody. None for everyone.
    """
    found = [
        variable
        for variable in cohort.variables.values()
        if variable.kind in CATEGORIES
        and (variable.role == "disease" or _CLASS_NAME.search(variable.name))
        and variable.role not in {"outcome", "treatment"}
        and 2 <= _classes(cohort, variable.name, mask) <= _MOST_CLASSES
    ]
    return sorted(found, key=lambda v: not _CLASS_NAME.search(v.name))


def _classes(cohort: Cohort, column: str, mask: Bools | None) -> int:
    codes, values = cohort.factor(column)
    return len(values) if mask is None else len(np.unique(codes[mask & (codes >= 0)]))


def indefinite_classes(cohort: Cohort, column: str) -> list[str]:
    """Values of a classification that say that a patient has no definite class."""
    values = [str(value) for value in cohort.factor(column)[1]]
    return sorted(value for value in values if _INDEFINITE.match(value.strip()))


def agreement(
    cohort: Cohort,
    mask: Bools,
    result: SubgroupResult,
    column: str,
    indefinite: Collection[str],
) -> Concordance:
    """How far the subgroups agree with a classification that the cohort carries.

    Parameters
    ----------
    indefinite
        Values that are no definite class; these patients are left out.

    Raises
    ------
    SubgroupError
        If no patient has both a group and a definite class.
    """
    reference = _selected(cohort, mask, column, result).rename(cohort.variables[column].label)
    return concordance(result.labels, reference, indefinite)


def _selected(cohort: Cohort, mask: Bools, column: str, result: SubgroupResult) -> pd.Series:
    codes, values = cohort.factor(column)
    words = np.array([*(str(value) for value in values), None], dtype=object)
    return pd.Series(words[codes[mask]], index=result.labels.index)
