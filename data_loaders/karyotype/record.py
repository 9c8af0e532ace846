"""What a karyotype says, as plain records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Problem(NamedTuple):
    """A part of the text that was not read, and why."""

    token: str
    reason: str


# "45,X" alone; the patient's sex decides.
SEX_UNCLEAR = Problem("X", "does not say whether an X or the Y is lost")


@dataclass(frozen=True)
class Clone:
    """One cell line.

    Parameters
    ----------
    modal
        Lowest and highest number of chromosomes, None if not written.
    sex
        Sex chromosomes as written: ``XX``, ``XY``, ``X``; empty if not written.
    events
        Names of the events, those of the line it comes from included, repeated if there twice.
    cells
        Metaphases; None if not counted.
    composite
        Whether ``cp``: cells of one line that differ.
    inherits
        ``idem``, ``sl``, ``sdl1`` ..., empty if written in full.
    ploidy
        Sets of chromosomes that gains and losses are counted from.
    """

    modal: tuple[int, int] | None
    sex: str
    events: tuple[str, ...]
    cells: int | None = None
    composite: bool = False
    inherits: str = ""
    ploidy: int = 2


@dataclass(frozen=True)
class Karyotype:
    """A karyotype that was read.

    Parameters
    ----------
    events
        Names of the clonal, acquired events, each once, in the order written.
    n_abnormalities
        How many clonal abnormalities: the least, where ``problems`` or ``incomplete`` say that
        there may be more; None without a karyotype.
    complex
        Three or more abnormalities; None if that depends on what was not read.
    monosomal
        Two autosomal monosomies or one with a structural abnormality, without a core-binding
        factor rearrangement (Breems 2008); None if that depends on what was not read.
    ipssr_group
        ``very good`` to ``very poor`` (Schanz 2012, Greenberg 2012); None if not known.
    problems
        What could not be read: token and reason.
    not_clonal
        Events in too few cells: fewer than two, for a loss fewer than three.
    uncertain
        Clonal events that only stand there with a question mark before them.
    constitutional
        Events marked ``c`` and variants that people are born with.
    apart
        What was seen by FISH, arrays or PCR, as written: no part of the events.
    incomplete
        Whether ``inc`` says that there are more abnormalities.
    failed
        Whether the text says that there is no karyotype: no metaphases, not done, nothing.
    """

    text: str
    events: tuple[str, ...] = ()
    clones: tuple[Clone, ...] = ()
    n_abnormalities: int | None = None
    complex: bool | None = None
    monosomal: bool | None = None
    ipssr_group: str | None = None
    problems: tuple[Problem, ...] = ()
    not_clonal: tuple[str, ...] = ()
    uncertain: tuple[str, ...] = ()
    constitutional: tuple[str, ...] = ()
    apart: str = ""
    incomplete: bool = False
    failed: bool = False

    @property
    def readable(self) -> bool:
        """Whether there is a karyotype at all, read in full or in part."""
        return self.n_abnormalities is not None
