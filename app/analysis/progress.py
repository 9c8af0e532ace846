"""How long computations tell how far they are, and how their caller stops them."""

from __future__ import annotations

from collections.abc import Callable

# Told the stage and the share of the work that is done; raises Cancelled to stop the work there.
Progress = Callable[[str, float], None]


class Cancelled(Exception):  # noqa: N818 - nothing went wrong: somebody asked to stop
    """The caller asked to stop; nothing was computed."""


def untold(stage: str, fraction: float) -> None:
    """The progress of work whose caller only waits for it."""


def portion(progress: Progress, start: float, stop: float, stage: str | None = None) -> Progress:
    """The progress of a part of the work, told as progress of the whole.

    Parameters
    ----------
    start, stop
        Where in the whole the part begins and ends.
    stage
        Name of the part, instead of its own stages' names.
    """

    def told(own_stage: str, fraction: float) -> None:
        progress(stage or own_stage, start + fraction * (stop - start))

    return told
