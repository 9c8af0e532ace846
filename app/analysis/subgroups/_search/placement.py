"""Patients with untested cells: put into a group by posterior over what was tested."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from app.analysis.arrays import Floats
from app.analysis.subgroups._features import Mask
from app.analysis.subgroups._refinements import States
from app.analysis.subgroups._search.merge import Model, fit_mixture, overall_frequency
from app.analysis.subgroups._search.profiles import Bits, Ints

_BLOCK_CELLS = 8_000_000


@dataclass(frozen=True, eq=False)
class Placement:
    """Where patients with untested cells belong.

    Parameters
    ----------
    labels
        Group of each, numbered as in the groups given.
    confidence
        Posterior probability of that group.
    """

    labels: Ints
    confidence: Floats


def place(
    states: States, complete_bits: Bits, labels: Ints, n_groups: int, concentration: float
) -> Placement:
    """Assign patients by posterior over the features they were tested for.

    Parameters
    ----------
    states
        Patients to place x features: 1, 0 or -1 (not tested).
    complete_bits
        Patients who shape the groups x features, 0 or 1.
    labels
        Their groups; ``n_groups`` stands for those without any alteration.
    concentration
        Of the model by which the groups were made.
    """
    groups, compact = np.unique(labels, return_inverse=True)
    bits, weights = csr_matrix(complete_bits, dtype=np.float64), np.ones(len(labels))
    model = Model(overall_frequency(bits, weights), concentration)
    mixture = fit_mixture(bits, weights, compact.ravel(), len(groups), model)
    altered = (states == 1).astype(np.float64)
    log_joint = mixture.log_joint(altered, (states == 0).astype(np.float64))
    # Who carries an alteration does not belong to those who carry none.
    log_joint[np.ix_(altered.any(axis=1), groups == n_groups)] = -np.inf
    log_joint -= log_joint.max(axis=1, keepdims=True)
    posterior = np.exp(log_joint)
    posterior /= posterior.sum(axis=1, keepdims=True)
    best = posterior.argmax(axis=1)
    return Placement(groups[best], posterior[np.arange(len(best)), best])


def nearest_profile(
    states: States, groups: Ints, bits: Bits, counts: Ints, profile_groups: Ints
) -> Ints:
    """The most similar profile of the patient's own group, by Jaccard over what was tested.

    Parameters
    ----------
    bits, counts, profile_groups
        The unique profiles, how many patients have each, and the group of each.

    Returns
    -------
    Ints
        Row of ``bits`` for each patient; among equals the commonest profile. Of all profiles if
        the group has none among them.
    """
    result = np.zeros(len(states), dtype=np.int64)
    values = bits.astype(np.float32)
    preference = counts / (counts.max() + 1.0) * 1e-4
    altered = (states == 1).astype(np.float32)
    tested = (states >= 0).astype(np.float32)
    for group in np.unique(groups):
        members: Mask = profile_groups == group
        options = np.flatnonzero(members) if members.any() else np.arange(len(bits))
        patients = np.flatnonzero(groups == group)
        step = max(1, _BLOCK_CELLS // len(options))
        for start in range(0, len(patients), step):
            block = patients[start : start + step]
            shared = altered[block] @ values[options].T
            union = altered[block].sum(axis=1)[:, None] + tested[block] @ values[options].T - shared
            score = shared / np.maximum(union, 1.0) + preference[options]
            result[block] = options[score.argmax(axis=1)]
    return result
