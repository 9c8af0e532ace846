"""Statistical disclosure control of a deployment: what may be said of few patients.

One rule for every number: what is shown is made of *released* counts. A count of 1 to k - 1 is
hidden, others are rounded to the nearest multiple of k, zero stays zero; percentages, intervals and
curves are computed from the released counts, never rounded afterwards. Where hiding one cell
would let it be found by subtraction, further cells are hidden with it.

Rounding is what protects against differencing: a reader who may change the filter can ask for two
selections that differ by one patient. The difference of two counts rounded to multiples of k is
compatible with none, or with k or more patients; it never lies within 1 to k - 1.

Sources: OpenSAFELY's rules for outputs (small counts redacted, the others rounded; curves from
rounded cumulative counts); ACRO (Green et al. 2023: thresholds, class disclosure); the handbook of
the Safe Data Access Professionals (Griffiths et al. 2019: no minima and maxima, quantiles with
enough on each side); the cell suppression policy of CMS (no cell of 1 to 10 shown or derivable);
Hundepool et al. 2012, Statistical Disclosure Control (complementary suppression as intervals of a
linear system).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from app.cohort.clauses import Altered, Between, Clause, InSet, Not
from app.cohort.colours import NEUTRAL
from app.cohort.filters import Filter, Selection
from app.cohort.groupings import MISSING, Grouping
from data_loaders import Cohort

VARIABLE = "CALR_EXPLORER_DISCLOSURE"
POOLED = "Smaller groups, pooled"
HIDDEN = "hidden"
RANGE_STEP = 5
_OFF = frozenset({"", "0", "off"})
_FEWEST = 3
_CATEGORIES = frozenset({"categorical", "ordinal", "binary"})

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.integer]


class DisclosureError(ValueError):
    """A setting that cannot be obeyed; the message is one sentence for who runs the server."""


@dataclass(frozen=True)
class Disclosure:
    """The policy of a deployment.

    Parameters
    ----------
    threshold
        The smallest count of patients that may be shown, and the base of rounding.
    """

    threshold: int

    @classmethod
    def of(cls, environment: Mapping[str, str] = os.environ) -> Disclosure | None:
        """The policy that the environment sets; None where disclosure control is off.

        Raises
        ------
        DisclosureError
            If the variable holds neither ``off`` nor a whole number of 3 or more: nothing must be
            shown then.
        """
        text = environment.get(VARIABLE, "").strip().lower()
        if text in _OFF:
            return None
        if not text.isdecimal() or int(text) < _FEWEST:
            raise DisclosureError(
                f"The environment variable {VARIABLE} needs a whole number of {_FEWEST} or more, "
                "such as 5 or 11, or off. Nothing is shown until it is corrected."
            )
        return cls(int(text))

    @property
    def sentence(self) -> str:
        """What the policy does, as a reader needs to know it."""
        k = self.threshold
        return (
            f"Disclosure control: counts below {k} are hidden, with others where subtraction would "
            f"reveal them; counts are rounded to the nearest {k}, and shares, intervals and curves "
            "are computed from the rounded counts."
        )

    @property
    def mark(self) -> str:
        """The policy in a few words, for figures."""
        return f"Counts rounded to {self.threshold}; below {self.threshold} hidden"

    def nearest(self, n: int) -> int:
        """The nearest multiple of the threshold, for cumulative counts that start at zero."""
        return (n + self.threshold // 2) // self.threshold * self.threshold

    def released(self, n: int) -> int | None:
        """A count as it may be shown; None where it is hidden."""
        if n == 0:
            return 0
        return None if n < self.threshold else max(self.threshold, self.nearest(n))

    def in_words(self, n: int) -> str:
        """A count as it is printed."""
        return printed(self.released(n))

    def is_small(self, counts: Ints) -> Bools:
        """Which counts may not be shown."""
        small: Bools = (counts > 0) & (counts < self.threshold)
        return small

    def refusal(self, selection: Selection, chosen: Filter) -> str:
        """Why nothing is shown of a selection, as a sentence; empty where it may be looked at.

        Parameters
        ----------
        selection
            Whom the filter selects.
        chosen
            The filter.
        """
        k, n, everyone = self.threshold, selection.n, selection.source.n
        # One sentence for both: which of the two it is would tell a number below the threshold.
        if n < k or 0 < everyone - n < k:
            return (
                f"Disclosure control: this filter keeps or leaves out fewer than {k} patients, so "
                "nothing is shown of it. Take out a condition in the sidebar, or widen it."
            )
        steps = () if chosen.is_empty else chosen.steps
        if not all(_is_coarse(clause, selection.source) for clause in steps):
            return (
                "Disclosure control: filters are answered by categories, by alterations and by age "
                f"in steps of {RANGE_STEP} years, not by identifiers, other numbers or nested "
                "conditions. Take the condition out in the sidebar."
            )
        return ""

    def steps(self, selection: Selection) -> list[tuple[str, int]]:
        """The attrition as it may be shown: words of a step, and the released number left after it.

        A step that takes out 1 to k - 1 patients, for whichever reason, is told together with the
        next one; the last of such steps with the one before it.
        """
        table = selection.attrition
        words = [str(clause) for clause in table["clause"]]
        left = [int(n) for n in table["n"]]
        shown: list[tuple[str, int]] = [(words[0], left[0])]
        waiting: list[str] = []
        for clause, n in zip(words[1:], left[1:], strict=True):
            waiting.append(clause)
            if not 0 < shown[-1][1] - n < self.threshold:
                shown.append((" and ".join(waiting), n))
                waiting = []
        while waiting and len(shown) > 1:
            # A step before that takes out nobody does not make the last ones larger.
            waiting.insert(0, shown.pop()[0])
            if not 0 < shown[-1][1] - left[-1] < self.threshold:
                shown.append((" and ".join(waiting), left[-1]))
                waiting = []
        return [(clause, self.nearest(n)) for clause, n in shown]

    def pooled(self, grouping: Grouping, mask: Bools) -> Grouping | None:
        """Groups that may be compared: each with k or more of the selected patients.

        Smaller groups are pooled with each other, and with the next larger one as long as they have
        fewer than k together or there is only one of them: who knows the total would find it.

        Returns
        -------
        Grouping or None
            Groups without patients are left out; None where fewer than two groups remain.
        """
        sizes = np.array(grouping.sizes(mask), dtype=np.int64)
        by_size = [int(i) for i in np.argsort(sizes, kind="stable") if sizes[i]]
        pool = [i for i in by_size if sizes[i] < self.threshold]
        rest = [i for i in by_size if i not in pool]
        while pool and rest and (sizes[pool].sum() < self.threshold or len(pool) < 2):
            pool.append(rest.pop(0))
        keep = [i for i in range(len(sizes)) if i in rest]
        if sizes[pool].sum() < self.threshold:
            pool = []
        if len(keep) + bool(pool) < 2:
            return None
        # Patients outside the selection, or in no group, have none here either.
        lookup = np.full(len(sizes) + 1, MISSING, dtype=np.int16)
        lookup[keep] = np.arange(len(keep))
        lookup[pool] = len(keep)
        codes = np.where(mask & (grouping.codes >= 0), grouping.codes, len(sizes))
        return replace(
            grouping,
            names=tuple(grouping.names[i] for i in keep) + (POOLED,) * bool(pool),
            colours=tuple(grouping.colours[i] for i in keep) + (NEUTRAL,) * bool(pool),
            codes=lookup[codes],
            ordered=grouping.ordered and not pool,
            note="",
        )


def _is_coarse(clause: Clause, cohort: Cohort) -> bool:
    """Whether a condition is one of the sidebar's.

    Limits of one's own choice would make selections that differ by whichever patient one likes.
    """
    match clause:
        case Altered() | Not(Altered()):
            return True
        case InSet(column, _):
            variable = cohort.variables.get(column)
            return variable is not None and variable.kind in _CATEGORIES
        case Between(column, low, high):
            ends = [end for end in (low, high) if end is not None]
            return column.startswith("age") and all(end % RANGE_STEP == 0 for end in ends)
    return False


def printed(released: int | None) -> str:
    """A released count as text."""
    return HIDDEN if released is None else f"{released:,}"


def hidden_parts(counts: Ints, policy: Disclosure) -> Bools:
    """Which parts of a whole are hidden, so that none is found by subtraction.

    Parts of 1 to k - 1 are, and with them the smallest others until at least two are hidden and
    each of them could be as large as k. Where that cannot be, everything is hidden, zeros too.

    Parameters
    ----------
    counts
        The parts; their sum is k or more, or zero.
    policy
        The policy.
    """
    hide = policy.is_small(counts)
    if not hide.any():
        return hide

    def safe() -> bool:
        held = counts[hide]
        return len(held) > 1 and int(held.sum()) - (len(held) - 1) >= policy.threshold

    for place in np.argsort(counts, kind="stable"):
        if safe():
            return hide
        hide[place] |= counts[place] > 0
    if not safe():
        hide[:] = True
    return hide


def hidden_levels(counts: Ints, policy: Disclosure) -> tuple[Bools, Bools]:
    """Which levels of a table of levels by groups are hidden in the groups, and which in all.

    A level with a small cell is hidden in every group, and further levels with it until the hidden
    part of every group has k or more patients in at least two levels. What is hidden is then a
    block whose margins are all k or more: each cell could be any number from zero to the smaller
    of its two margins (Frechet's bounds), which is k at least.

    Parameters
    ----------
    counts
        Levels by groups, every patient of a group in one level (one of them "missing"); each group
        has k or more patients.
    policy
        The policy.

    Returns
    -------
    tuple of arrays
        One boolean a level: hidden in the groups; hidden also in the column of all groups.
    """
    totals = counts.sum(axis=1)
    of_all = hidden_parts(totals, policy)
    if counts.shape[1] < 2:
        return of_all, of_all
    hide = policy.is_small(counts).any(axis=1) | of_all
    if not hide.any():
        return hide, of_all

    def safe() -> bool:
        enough = bool((counts[hide].sum(axis=0) >= policy.threshold).all())
        return enough and int(np.count_nonzero(totals[hide])) > 1

    for place in np.argsort(totals, kind="stable"):
        if safe():
            return hide, of_all
        hide[place] |= totals[place] > 0
    if not safe():
        hide[:] = True
    return hide, of_all
