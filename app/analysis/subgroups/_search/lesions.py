"""A lesion at home in one group, such as t(15;17), gets a group of its own."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from app.analysis.arrays import Floats
from app.analysis.subgroups._search.merge import (
    CONCENTRATION_FACTOR,
    MAX_EFFECTIVE_PATIENTS,
    Model,
    cluster_totals,
)
from app.analysis.subgroups._search.profiles import Ints

# So large a share of a lesion's carriers in one group, and the lesion is at home there.
AT_HOME = 0.8
# Against its own group must speak no more than very strong evidence, a log Bayes factor of 5 (Kass
# and Raftery, J Am Stat Assoc 1995;90:773) among 2000 patients, less among fewer: a lesion that its
# carriers share and others lack defines a disease even where they differ in nothing else.
VERY_STRONG = 5.0
# What more than half of a group carry defines it already; and a group of more than half of the
# patients is home to most lesions, and says nothing by it.
_MAJORITY = 0.5


def split_by_lesions(
    bits: csr_matrix, weights: Floats, labels: Ints, model: Model, smallest: float
) -> Ints:
    """Split off the carriers of lesions that are at home in one group.

    Groups defined by one rare lesion each lie together on a map if they share a passenger: t(15;17)
    and t(6;9) share FLT3-ITD. A lesion of which at least 80% of the carriers are in one group gets
    a group of its own unless the evidence against it is very strong. The largest gain comes first.

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
    least = -VERY_STRONG * weights.sum() / MAX_EFFECTIVE_PATIENTS
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
        best, split = least, None
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
