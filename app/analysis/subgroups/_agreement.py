"""Groups against something else: a published classification, a centre, a study, a panel."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from app.analysis.subgroups._describe import NOT_TESTED
from app.analysis.subgroups._settings import SubgroupError

BATCH_WARNING_FROM = 0.3


@dataclass(frozen=True, eq=False)
class Concordance:
    """How far groups agree with another classification.

    Parameters
    ----------
    ari
        Adjusted Rand index: 1 the same partition, 0 what chance gives.
    ami
        Adjusted mutual information, on the same scale.
    left_out
        Patients without a definite class or without a group.
    table
        Patients by group (rows) and class (columns).
    """

    ari: float
    ami: float
    n: int
    left_out: int
    table: pd.DataFrame
    sentence: str


def concordance(
    labels: pd.Series, reference: pd.Series, indefinite: Collection[str] = ()
) -> Concordance:
    """Compare groups with a published or user-given classification.

    Parameters
    ----------
    labels
        Group of each patient, index patient_id.
    reference
        Class of each patient, same kind of index; missing where unknown.
    indefinite
        Classes that are no class, such as ``No_class``: their patients are left out.

    Raises
    ------
    SubgroupError
        If no patient has both a group and a definite class.

    References
    ----------
    Hubert L, Arabie P. J Classif 1985;2:193 (ARI); Vinh NX et al. JMLR 2010;11:2837 (AMI).
    """
    from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

    classes = reference.reindex(labels.index)
    definite = classes.notna() & ~classes.isin(list(indefinite)) & (labels != NOT_TESTED)
    n = int(definite.sum())
    if n == 0:
        raise SubgroupError("No patient has both a group and a definite class to compare.")
    groups, classes = labels[definite].astype(str), classes[definite].astype(str)
    ari = float(adjusted_rand_score(classes, groups))
    ami = float(adjusted_mutual_info_score(classes, groups))
    table = pd.crosstab(groups, classes)
    table = table.loc[table.sum(axis=1).sort_values(ascending=False, kind="stable").index]
    table.index.name, table.columns.name = "group", str(reference.name or "class")
    left_out = len(labels) - n
    sentence = (
        f"Agreement with {reference.name or 'the classification'} over {n:,} patients: adjusted "
        f"Rand index {ari:.2f}, adjusted mutual information {ami:.2f} (1 = identical, 0 = chance); "
        f"{left_out:,} without a definite class left out."
    )
    return Concordance(ari, ami, n, left_out, table, sentence)


def cramers_v(table: pd.DataFrame) -> tuple[float, float]:
    """Bias-corrected Cramer's V of a cross-table, and the chi-squared test's p-value.

    Parameters
    ----------
    table
        Counts; empty rows and columns are ignored.

    Returns
    -------
    tuple of float
        V from 0 to 1 and p; both NaN where a table has fewer than two rows or columns.

    References
    ----------
    Bergsma W. A bias-correction for Cramer's V and Tschuprow's T. J Korean Stat Soc 2013;42:323.
    """
    counts = table.to_numpy(dtype=np.float64)
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    if min(counts.shape, default=0) < 2:
        return float("nan"), float("nan")
    n = counts.sum()
    r, k = counts.shape
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / n
    statistic = float(((counts - expected) ** 2 / expected).sum())
    degrees = (r - 1) * (k - 1)
    phi2 = max(0.0, statistic / n - degrees / (n - 1))
    rows = r - (r - 1) ** 2 / (n - 1)
    columns = k - (k - 1) ** 2 / (n - 1)
    smaller = min(rows, columns) - 1
    v = float(np.sqrt(phi2 / smaller)) if smaller > 0 else 0.0
    return min(v, 1.0), float(chdtrc(degrees, statistic))


def batch_check(labels: pd.Series, batches: pd.DataFrame) -> pd.DataFrame:
    """Measure whether the groups follow where or how patients were tested.

    Parameters
    ----------
    labels
        Group of each patient, index patient_id.
    batches
        Categorical columns to check, such as centre, study, panel; same kind of index.

    Returns
    -------
    DataFrame
        One row a column: variable, n, levels, cramers_v (bias-corrected), p_value, and warning, a
        sentence from V = 0.3, else empty.
    """
    rows = []
    for name in batches.columns:
        batch = batches[name].reindex(labels.index)
        known = batch.notna() & (labels != NOT_TESTED)
        table = pd.crosstab(labels[known].astype(str), batch[known].astype(str))
        v, p_value = cramers_v(table)
        warning = ""
        if v >= BATCH_WARNING_FROM:
            warning = (
                f"The groups follow {name} (Cramer's V {v:.2f}): they may reflect where or how "
                "patients were tested rather than their disease."
            )
        rows.append(
            {
                "variable": str(name),
                "n": int(known.sum()),
                "levels": table.shape[1],
                "cramers_v": v,
                "p_value": p_value,
                "warning": warning,
            }
        )
    columns = ["variable", "n", "levels", "cramers_v", "p_value", "warning"]
    return pd.DataFrame(rows, columns=columns)
