"""One partition out of many: co-association, average linkage, and how sure each profile is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from app.analysis.arrays import Floats
from app.analysis.subgroups._search.profiles import Ints

CUT = 0.6
MIN_GROUP_SHARE = 0.006
MIN_GROUP_PATIENTS = 5
# Beyond this the commonest answers decide on the groups, and the others join them.
_MAX_LINKED = 4000


def smallest_group(n_patients: float) -> float:
    """Patients that a group needs: 0.6% of all, and at least 5."""
    return max(MIN_GROUP_PATIENTS, MIN_GROUP_SHARE * n_patients)


def consensus(partitions: list[Ints], counts: Ints) -> Ints:
    """Average linkage of the co-association of all partitions, cut at 0.6.

    Co-association of two profiles is the share of partitions that put them together. Groups of
    fewer than 0.6% of the patients, or 5, are given to the groups they go with most often.

    Parameters
    ----------
    partitions
        Cluster numbers of the profiles, one array per partition.

    Returns
    -------
    Ints
        Group of each profile, numbered from 0.
    """
    from app.analysis.subgroups._search.kernels import average_linkage_cut

    # Profiles on which all partitions agree are one item.
    signatures, of_profile = np.unique(np.column_stack(partitions), axis=0, return_inverse=True)
    of_profile = of_profile.ravel()
    weights = np.bincount(of_profile, weights=counts).astype(np.float64)
    linked = np.sort(np.argsort(-weights, kind="stable")[:_MAX_LINKED])
    raw = average_linkage_cut(co_association(signatures[linked]), weights[linked], CUT)
    labels = np.full(len(weights), -1, dtype=np.int64)
    labels[linked] = np.unique(raw, return_inverse=True)[1]
    whole = without_small(labels, list(signatures.T), weights, smallest_group(weights.sum()))
    return whole[of_profile]


def without_small(
    labels: Ints, partitions: Sequence[Ints], weights: Floats, smallest: float
) -> Ints:
    """The groups without those of too few patients, whose items join what they go with most often.

    Parameters
    ----------
    labels
        Group of each item, -1 for none.
    partitions
        Cluster numbers of the items, one array per partition.
    weights
        Patients of each item.
    smallest
        Patients that a group needs; if none has them, all stay.

    Returns
    -------
    Ints
        Group of each item, numbered from 0.
    """
    labels = labels.copy()
    inside = labels >= 0
    sizes = np.bincount(labels[inside], weights=weights[inside])
    if (sizes >= smallest).any():
        labels[np.isin(labels, np.flatnonzero(sizes < smallest))] = -1
    kept = labels >= 0
    labels[kept] = np.unique(labels[kept], return_inverse=True)[1]
    if kept.all():
        return labels
    joining = affinity(np.column_stack(partitions), labels, weights).argmax(axis=1)
    return np.where(kept, labels, joining)


def by_size(labels: Ints, counts: Ints) -> Ints:
    """The same groups, numbered from 0 by falling size; groups without patients are left out."""
    labels = np.unique(labels, return_inverse=True)[1]
    sizes = np.bincount(labels, weights=counts)
    rank = np.empty(len(sizes), dtype=np.int64)
    rank[np.lexsort((np.arange(len(sizes)), -sizes))] = np.arange(len(sizes))
    return rank[labels]


def agreement(partitions: list[Ints], labels: Ints, counts: Ints) -> Floats:
    """Mean co-association of each profile with the patients of its group, 0 to 1."""
    together = affinity(np.column_stack(partitions), labels, counts.astype(np.float64))
    result: Floats = together[np.arange(len(labels)), labels]
    return result


def affinity(signatures: Ints, labels: Ints, weights: Floats) -> Floats:
    """Mean co-association of every item with the patients of every group, items x groups.

    Parameters
    ----------
    signatures
        Items x partitions: cluster numbers.
    labels
        Group of each item, -1 for none.
    """
    inside = labels >= 0
    n_groups = int(labels.max()) + 1
    sizes = np.bincount(labels[inside], weights=weights[inside], minlength=n_groups)
    result = np.zeros((len(labels), n_groups))
    for clusters in signatures.T:
        shared = np.zeros((clusters.max() + 1, n_groups))
        np.add.at(shared, (clusters[inside], labels[inside]), weights[inside])
        result += (shared / sizes)[clusters]
    result /= signatures.shape[1]
    return result


def co_association(signatures: Ints) -> npt.NDArray[np.float32]:
    """Share of partitions in which two rows of cluster numbers agree, rows x rows."""
    n_rows, n_partitions = signatures.shape
    together = np.zeros((n_rows, n_rows), dtype=np.float32)
    for clusters in signatures.T:
        one_hot = np.eye(clusters.max() + 1, dtype=np.float32)[clusters]
        together += one_hot @ one_hot.T
    together /= n_partitions
    return together
