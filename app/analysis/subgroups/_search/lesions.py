"""Fusions that define a disease get groups of their own, such as t(15;17)."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix
from scipy.special import pdtr

from app.analysis.arrays import Floats
from app.analysis.subgroups._features import Mask
from app.analysis.subgroups._search.profiles import Ints

# What more than half of a group carry defines it already.
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
    if has.shape[1] < 2 or pdtr(np.floor(several), by_chance) >= _EXCLUSIVE:
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
