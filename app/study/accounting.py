"""Who of the selected patients is in a result, and why the others are not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.cohort.groupings import Grouping
from app.study.outcomes import Outcome
from app.study.wording import format_years
from data_loaders.arrays import Bools
from data_loaders.wording import listing


@dataclass(frozen=True)
class Accounting:
    """How many patients were selected and analysed, and where the others went.

    Parameters
    ----------
    verb
        What the analysed are, as a caption says it: ``are in the curves``, ``are analysed``.
    """

    selected: int
    analysed: int
    left_out: Mapping[str, int] = field(default_factory=dict)
    limit: float | None = None
    verb: str = "are analysed"

    @classmethod
    def of(cls, outcome: Outcome, verb: str = "are analysed") -> Accounting:
        """The accounting of a follow-up, under the verb of its caption."""
        return cls(outcome.selected, outcome.n, outcome.left_out, outcome.limit, verb)

    @classmethod
    def of_groups(cls, mask: Bools, grouping: Grouping | None) -> Accounting:
        """The accounting of selected patients by group; everyone is in it where there are none."""
        selected = int(mask.sum())
        if grouping is None:
            return cls(selected, selected)
        grouped = int((mask & (grouping.codes >= 0)).sum())
        return cls(selected, grouped, grouping.left_out(mask), verb="are in the groups")

    @property
    def reasons(self) -> tuple[str, ...]:
        """Numbers and reasons of those left out: ``3 not tested``."""
        return tuple(f"{number:,} {reason}" for reason, number in self.left_out.items())

    def caption(self) -> str:
        """One line under a result: who is in it, who is not, and where follow-up ends."""
        text = f"{self.analysed:,} of {self.selected:,} selected patients {self.verb}"
        if self.left_out:
            text += f"; left out: {', '.join(self.reasons)}"
        if self.limit is not None:
            text += f". Follow-up ends at {format_years(self.limit)} for every number here"
        return f"{text}."

    def methods(self) -> str:
        """The sentence of a methods paragraph, after the one that says who was selected."""
        if self.analysed == self.selected:
            return "All of them were analysed."
        reasons = listing(self.reasons)
        if not reasons:
            return f"Of these, {self.analysed:,} were analysed."
        return f"Of these, {self.analysed:,} were analysed; not analysed: {reasons}."
