"""Findings over a whole cohort, after its columns are understood."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from data_loaders.files.columns import TextColumn
from data_loaders.meaning.variables import ReadColumn
from data_loaders.model import Issue, Variable
from data_loaders.wording import listed, plural


def columns_not_understood(
    reads: Iterable[ReadColumn], columns: Mapping[str, TextColumn]
) -> list[Issue]:
    """Columns of yes and no whose question is not known, and columns without any value."""
    names = [read.variable.name for read in reads]
    unsure = [read.variable.name for read in reads if read.unsure]
    empty = [name for name in names if name in columns and not columns[name].filled.any()]
    issues = []
    if unsure:
        issues.append(
            Issue(
                "info",
                f"{plural(len(unsure), 'column answers', 'columns answer')} yes or no under names "
                f"that are neither those of genes nor of known variables: {listed(unsure)}; "
                "they were kept as clinical variables.",
                unsure[0] if len(unsure) == 1 else None,
                len(unsure),
                code="unsure",
            )
        )
    if empty:
        issues.append(
            Issue(
                "info",
                f"{plural(len(empty), 'column is', 'columns are')} empty: {listed(empty)}.",
                empty[0] if len(empty) == 1 else None,
                len(empty),
                code="empty",
            )
        )
    return issues


def constant_columns(
    patients: pd.DataFrame, variables: Mapping[str, Variable], alterations: pd.DataFrame
) -> list[Issue]:
    """Variables with one value in everyone, and alterations found in nobody or in everyone.

    Parameters
    ----------
    patients
        Clinical columns; times and events are judged elsewhere.
    alterations
        Nullable boolean, NA = not tested.
    """
    if len(patients) < 2:
        return []
    issues = []
    constant = [
        variable.label
        for name, variable in variables.items()
        if variable.role != "outcome"
        and variable.kind != "text"
        and len(patients[name].dropna().unique()) == 1
    ]
    if constant:
        issues.append(
            Issue(
                "info",
                f"{plural(len(constant), 'variable has', 'variables have')} the same value in "
                f"everyone: {listed(constant)}.",
                count=len(constant),
                code="constant",
            )
        )
    states = [c.to_numpy(dtype=np.int8, na_value=-1) for _, c in alterations.items()]
    altered = np.array([np.count_nonzero(state == 1) for state in states], dtype=np.intp)
    tested = np.array([np.count_nonzero(state >= 0) for state in states], dtype=np.intp)
    for names, words in (
        (alterations.columns[(altered == 0) & (tested > 0)], "altered in nobody"),
        (alterations.columns[(altered == tested) & (tested > 0)], "altered in everyone tested"),
    ):
        if len(names):
            issues.append(
                Issue(
                    "info",
                    f"{plural(len(names), 'feature is', 'features are')} {words}: "
                    f"{listed([str(name) for name in names])}.",
                    count=len(names),
                    code="constant",
                )
            )
    return issues
