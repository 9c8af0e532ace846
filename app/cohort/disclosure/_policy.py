"""Statistical disclosure control of a deployment: the policy, and what it releases.

While it is on, a reader may ask a finite list of questions only, and every number on screen is the
answer to one of them: no selection of one's own choice can be moved past a single patient
(:mod:`app.cohort.disclosure`). A count below k is hidden, others are rounded to the
nearest multiple of k, and further counts are hidden until all that is released together tells no
small count more closely than "fewer than k" (:mod:`app.cohort.disclosure`). Shares,
intervals and curves are computed from released counts, never rounded afterwards.

Sources: OpenSAFELY's rules for outputs (small counts redacted, the others rounded; curves from
rounded cumulative counts); ACRO (Green et al. 2023: thresholds, class disclosure); the handbook of
the Safe Data Access Professionals (Griffiths et al. 2019); the cell suppression policy of CMS (no
cell of 1 to 10 shown or derivable); Hundepool et al. 2012, Statistical Disclosure Control
(complementary suppression, audited as intervals of a linear system).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.cohort.disclosure._questions import conditions_of
from app.cohort.disclosure._release import Release, release_of
from app.cohort.disclosure._tally import ReleasedTally, released_tally
from app.cohort.filters import Filter, Selection
from data_loaders import Cohort
from data_loaders.settings import DISCLOSURE

HIDDEN = "hidden"
_OFF = frozenset({"0", "off"})
_FEWEST = 3


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
    def of(cls, environment: Mapping[str, str] | None = None) -> Disclosure | None:
        """The policy that the environment sets; None where disclosure control is off.

        Raises
        ------
        DisclosureError
            If the variable holds neither ``off`` nor a whole number of 3 or more: nothing must be
            shown then.
        """
        text = DISCLOSURE.read(environment).lower()
        if text in _OFF:
            return None
        if not text.isdecimal() or int(text) < _FEWEST:
            raise DisclosureError(
                f"The environment variable {DISCLOSURE.name} needs a whole number of {_FEWEST} or "
                "more, such as 5 or 11, or off. Nothing is shown until it is corrected."
            )
        return cls(int(text))

    @property
    def sentence(self) -> str:
        """What the policy does, as a reader needs to know it."""
        k = self.threshold
        return (
            f"Disclosure control: counts below {k} are hidden, with others where all answers "
            f"together would reveal them; counts are rounded to the nearest {k}, and shares, "
            "intervals and curves are computed from the rounded counts."
        )

    @property
    def mark(self) -> str:
        """The policy in a few words, for figures."""
        return f"Counts rounded to {self.threshold}; below {self.threshold} hidden"

    def released(self, n: int) -> int | None:
        """A count as it may be shown where nothing else reveals it; None where it is hidden.

        Nobody is "fewer than k" too: a zero would tell of everyone in the group.
        """
        k = self.threshold
        return None if n < k else max(k, (n + k // 2) // k * k)

    def in_words(self, n: int) -> str:
        """A count as it is printed."""
        return printed(self.released(n))

    def release(self, cohort: Cohort) -> Release:
        """All that is released of a cohort; worked out once a cohort and threshold."""
        return release_of(cohort, self.threshold)

    def tally(self, cohort: Cohort) -> ReleasedTally:
        """The same as a tally that holds none of the cohort's rows."""
        return released_tally(self, cohort)

    def refusal(self, selection: Selection, chosen: Filter) -> str:
        """Why nothing is shown of a selection, as a sentence; empty where it may be looked at."""
        release = self.release(selection.source)
        conditions = conditions_of(chosen, release.published)
        if isinstance(conditions, str):
            return f"Disclosure control: {conditions} Take a condition out in the sidebar."
        if release.count(conditions) is None:
            return self.too_few
        return ""

    @property
    def too_few(self) -> str:
        """What is said of a selection whose number is hidden."""
        # One sentence for both: which of the two it is would tell a number below the threshold.
        return (
            f"Disclosure control: this filter keeps fewer than {self.threshold} patients, or its "
            "number would tell of others that do, so nothing is shown of it. Take out a condition "
            "in the sidebar."
        )


def printed(released: int | None) -> str:
    """A released count as text."""
    return HIDDEN if released is None else f"{released:,}"
