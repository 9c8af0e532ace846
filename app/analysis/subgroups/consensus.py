"""One partition out of many: co-association, average linkage, and how sure each profile is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.analysis.subgroups.profiles import Floats, Ints

CUT = 0.5
MIN_GROUP_SHARE = 0.006


@dataclass(frozen=True, eq=False)
class Consensus:
    """Groups on which the partitions agree.

    Parameters
    ----------
    labels
        Group of each profile, numbered from 0 by falling size.
    confidence
        Mean co-association of each profile with the patients of its group, 0 to 1.
    """

    labels: Ints
    confidence: Floats


def consensus(partitions: list[Ints], counts: Ints) -> Consensus:
    """Average linkage of the co-association of all partitions, cut at 0.5.

    Co-association of two profiles is the share of partitions that put them together. Groups of
    fewer than 0.6% of the patients are given to the group they go with most often.

    Parameters
    ----------
    partitions
        Cluster numbers of the profiles, one array per partition.
    counts
        Patients of each profile.
    """
    from app.analysis.subgroups.kernels import average_linkage_cut

    table = np.column_stack(partitions)
    signatures, of_profile = np.unique(table, axis=0, return_inverse=True)
    of_profile = of_profile.ravel()
    weights = np.bincount(of_profile, weights=counts)
    together = co_association(signatures)
    raw = average_linkage_cut(together.copy(), weights, CUT)
    labels = np.unique(raw, return_inverse=True)[1]
    # affinity[i, g]: how often signature i goes with a patient of group g.
    member = np.zeros((len(weights), labels.max() + 1))
    member[np.arange(len(weights)), labels] = weights
    sizes = member.sum(axis=0)
    affinity = together @ member / sizes
    large = sizes >= MIN_GROUP_SHARE * weights.sum()
    if not large.all() and large.any():
        small = ~large[labels]
        options = np.flatnonzero(large)
        labels[small] = options[affinity[np.ix_(small, options)].argmax(axis=1)]
        member[:] = 0
        member[np.arange(len(weights)), labels] = weights
        sizes = member.sum(axis=0)
        affinity = together @ member / np.maximum(sizes, 1.0)
    confidence = affinity[np.arange(len(weights)), labels]
    rank = np.empty(len(sizes), dtype=np.int64)
    rank[np.lexsort((np.arange(len(sizes)), -sizes))] = np.arange(len(sizes))
    return Consensus(rank[labels][of_profile], confidence[of_profile])


def co_association(signatures: Ints) -> Floats:
    """Share of partitions in which two rows of cluster numbers agree, rows x rows."""
    n_rows, n_partitions = signatures.shape
    together = np.zeros((n_rows, n_rows))
    for column in range(n_partitions):
        one_hot = np.eye(signatures[:, column].max() + 1)[signatures[:, column]]
        together += one_hot @ one_hot.T
    return together / n_partitions
