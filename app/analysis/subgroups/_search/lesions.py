"""Lesions that define a disease get groups of their own, such as t(15;17)."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix
from scipy.stats import poisson

from app.analysis.arrays import Floats
from app.analysis.subgroups._features import Mask
from app.analysis.subgroups._search.merge import (
    CONCENTRATION_FACTOR,
    Model,
    cluster_totals,
)
from app.analysis.subgroups._search.profiles import Ints

# So large a share of a lesion's carriers in one group, and the lesion is at home there.
AT_HOME = 0.8
# What more than half of a group carry defines it already; and a group of more than half of the
# patients is home to most lesions, and says nothing by it.
_MAJORITY = 0.5
# By chance as few patients would carry two fusions.
_EXCLUSIVE = 0.01


def gather_fusions(
    bits: csr_matrix, weights: Floats, labels: Ints, fusions: Mask, smallest: float
) -> Ints:
    """Give every fusion a group where the fusions exclude each other.

    Fusions of which hardly anybody has two are what diseases begin with, and define them (AML: WHO
    2022, Khoury, Leukemia 2022;36:1703); those that go together, as the rearrangements of MYC and
    BCL2 do, and the only one of a cohort are lesions like others.

    Parameters
    ----------
    bits
        Profiles x features, sparse, 0.0 or 1.0.
    weights
        Patients of each profile.
    labels
        Group of each profile.
    fusions
        Which of the features are fusions.
    smallest
        Patients (by weight) that a group needs.

    Returns
    -------
    Ints
        Group of each profile; a fusion that more than half of a group carry has that group, the
        others are numbered after them. Groups may have become small or empty.
    """
    has, total = bits[:, fusions].toarray() > 0, weights.sum()
    has = has[:, (weights @ has >= smallest) & (weights @ has < total)]
    share = weights @ has / total
    none = np.prod(1 - share)
    by_chance = total * (1 - none - none * (share / (1 - share)).sum())
    several = weights[has.sum(axis=1) > 1].sum()
    if has.shape[1] < 2 or poisson.cdf(several, by_chance) >= _EXCLUSIVE:
        return labels
    labels = labels.copy()
    before = labels.copy()
    for carriers in has[:, np.argsort(-share, kind="stable")].T:
        inside = np.bincount(before[carriers], weights[carriers], minlength=before.max() + 1)
        sizes = np.bincount(before, weights, minlength=before.max() + 1)
        home = int(inside.argmax())
        own = home if inside[home] > _MAJORITY * sizes[home] else int(labels.max()) + 1
        labels[carriers] = own
    return labels


def split_by_lesions(
    bits: csr_matrix, weights: Floats, labels: Ints, model: Model, smallest: float
) -> Ints:
    """Split off the carriers of lesions that are at home in one group.

    Groups defined by one rare lesion each lie together on a map if they share a passenger: t(15;17)
    and t(6;9) share FLT3-ITD. A lesion of which at least 80% of the carriers are in one group gets
    a group of its own where the evidence is for it. The largest gain comes first.

    Parameters
    ----------
    bits
        Profiles x features that differ between clusters, sparse, 0.0 or 1.0.
    labels
        Group of each profile.
    model
        Of the clusters of a map; carriers of one lesion are purer by as much again as these are
        purer than groups.
    smallest
        Patients (by weight) that each of the two parts needs.

    Returns
    -------
    Ints
        Group of each profile; the groups split off are numbered after the others.
    """
    purer = Model(model.overall, model.concentration / CONCENTRATION_FACTOR)
    total = bits.T @ weights
    has = bits.toarray() > 0
    labels = labels.copy()
    while True:
        n_groups = int(labels.max()) + 1
        carriers, sizes = cluster_totals(bits, weights, labels, n_groups)
        others = sizes[:, None] - carriers
        at_home = (carriers >= AT_HOME * total) & (np.minimum(carriers, others) >= smallest)
        at_home &= carriers <= _MAJORITY * sizes[:, None]
        at_home[sizes > _MAJORITY * sizes.sum()] = False
        best, split = 0.0, None
        for group, feature in np.argwhere(at_home):
            inside = (labels == group) & has[:, feature]
            within, _ = cluster_totals(bits, weights, np.where(inside, 0, -1), 1)
            without = np.maximum(carriers[group] - within[0], 0.0)
            parts = np.array([carriers[group, feature], others[group, feature]])
            apart = purer.worth(np.vstack([within[0], without]), parts, 1.0).sum()
            together = purer.worth(carriers[[group]], sizes[[group]], 1.0)[0]
            if apart - together > best:
                best, split = apart - together, inside
        if split is None:
            return labels
        labels[split] = n_groups
