"""What groups are made of as far as counts show it: for columns that a file supplies.

The fallback where no definition is known, and the only place where it is inferred: a hospital's own
classes, and columns that say in other words what others say.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from app.cohort.groupings import MIN_GROUP_FOR_TEST
from data_loaders.arrays import Bools

_PURE, _PURE_EACH = 0.98, 0.9
# Of fewer patients in a group a number or an alteration may part the groups so well by chance.
_FEWEST = 30
_FEWEST_CARRIERS = 5
_NEARLY_ALL, _MOST_OF_OTHERS = 0.95, 0.5


def carried_by_all(altered: npt.NDArray[np.int64], tested: npt.NDArray[np.int64]) -> Bools:
    """Alterations that nearly all of a group have, and at most half of the others: MDS-SF3B1.

    Or, however small the groups, everybody tested of some and nobody of all others, if not in few.

    Parameters
    ----------
    altered, tested
        Counts, groups x alterations.
    """
    others_altered, others = altered.sum(axis=0) - altered, tested.sum(axis=0) - tested
    large = np.minimum(tested, others) >= _FEWEST
    all_have = large & (altered >= _NEARLY_ALL * tested)
    nearly = (all_have & (others_altered <= _MOST_OF_OTHERS * others)).any(axis=0)
    known = tested > 0
    nobody, everybody = (altered == 0) & known, (altered == tested) & known
    split = (nobody | everybody | ~known).all(axis=0) & (altered.sum(axis=0) >= _FEWEST_CARRIERS)
    return np.asarray(nearly | (split & nobody.any(axis=0) & everybody.any(axis=0)))


def same_classes(counts: npt.NDArray[np.int64]) -> bool:
    """Whether a variable's levels divide the groups, or the groups its levels, as a refinement.

    Each level in (nearly) one group alone, or each group of (nearly) one level alone: "Diagnosis in
    detail" against the diagnosis says nothing that is not known. Rare levels must be as pure as
    common ones, and every group must be somebody's.
    """
    total = counts.sum()
    for table in (counts, counts.T):
        large = table[:, table.sum(axis=0) >= MIN_GROUP_FOR_TEST]
        covered = table.max(axis=0).sum() >= _PURE * total
        pure = (large.max(axis=0) >= _PURE_EACH * large.sum(axis=0)).all()
        taken = set(large.argmax(axis=0).tolist())
        if covered and pure and len(taken) == np.count_nonzero(table.sum(axis=1)):
            return True
    return False


def cut_from(counts: npt.NDArray[np.int64], means: Sequence[float]) -> bool:
    """Whether the groups are (nearly) ranges of a number: IGHV status, of the identity to germline.

    As many patients as for :func:`same_classes` lie on their group's side of the best cuts, all
    together and where each group counts the same.

    Parameters
    ----------
    counts
        Groups x steps, the steps ascending.
    """
    sizes = counts.sum(axis=1)
    if sizes.min() < _FEWEST:
        return False
    ordered = counts[np.argsort(means)]
    shares = ordered / ordered.sum(axis=1, keepdims=True)
    return (
        _best_cut(ordered) >= _PURE * sizes.sum()
        and _best_cut(shares) >= len(shares) - 1 + _PURE_EACH
    )


def _best_cut(counts: npt.NDArray[np.generic]) -> float:
    """The most that lies in its own range, of groups in the order of the ranges x steps."""
    best = np.zeros(counts.shape[1] + 1)
    for own in counts:
        below = np.concatenate([[0.0], np.cumsum(own)])
        best = below + np.maximum.accumulate(best - below)
    return float(best[-1])
