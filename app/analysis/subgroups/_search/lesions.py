"""A lesion at home in one group, such as t(15;17), gets a group of its own."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from app.analysis.arrays import Floats
from app.analysis.subgroups._search.merge import CONCENTRATION_FACTOR, Model, cluster_totals
from app.analysis.subgroups._search.profiles import Ints

# So large a share of a lesion's carriers in one group, and the lesion is at home there; and so much
# of the prior over partitions counts when its carriers are weighed as a group.
AT_HOME = 0.8
# A group of more than half of the patients is home to most lesions, and says nothing by it.
_LARGEST_HOME = 0.5


def split_by_lesions(
    bits: csr_matrix, weights: Floats, labels: Ints, model: Model, smallest: float
) -> Ints:
    """Split off the carriers of lesions that are at home in one group.

    Groups defined by one rare lesion each lie together on a map if they share a passenger: t(15;17)
    and t(6;9) share FLT3-ITD. A lesion of which at least 80% of the carriers are in one group gets
    a group of its own where that has the greater evidence under purer clusters (a quarter of the
    concentration). The largest gain comes first.

    Parameters
    ----------
    bits
        Profiles x features, sparse, 0.0 or 1.0.
    labels
        Group of each profile.
    model
        By which the groups were made.
    smallest
        Patients (by weight) that each of the two parts needs.

    Returns
    -------
    Ints
        Group of each profile; the groups split off are numbered after the others.
    """
    purer = Model(model.overall, model.concentration / CONCENTRATION_FACTOR**2)
    total = bits.T @ weights
    has = bits.toarray() > 0
    labels = labels.copy()
    while True:
        n_groups = int(labels.max()) + 1
        carriers, sizes = cluster_totals(bits, weights, labels, n_groups)
        others = sizes[:, None] - carriers
        at_home = (carriers >= AT_HOME * total) & (np.minimum(carriers, others) >= smallest)
        at_home[sizes > _LARGEST_HOME * sizes.sum()] = False
        best, split = 0.0, None
        for group, feature in np.argwhere(at_home):
            inside = (labels == group) & has[:, feature]
            within, _ = cluster_totals(bits, weights, np.where(inside, 0, -1), 1)
            without = np.maximum(carriers[group] - within[0], 0.0)
            parts = np.array([carriers[group, feature], others[group, feature]])
            apart = purer.worth(np.vstack([within[0], without]), parts, AT_HOME).sum()
            together = purer.worth(carriers[[group]], sizes[[group]], AT_HOME)[0]
            if apart - together > best:
                best, split = apart - together, inside
        if split is None:
            return labels
        labels[split] = n_groups
