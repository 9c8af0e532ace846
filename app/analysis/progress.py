"""How long computations tell how far they are, and how their caller stops them."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, float], None]
ShouldCancel = Callable[[], bool]


class Cancelled(Exception):  # noqa: N818 - nothing went wrong: somebody asked to stop
    """The caller asked to stop; nothing was computed."""


def report(
    progress: Progress | None, should_cancel: ShouldCancel | None, stage: str, fraction: float
) -> None:
    """Tell the caller how far the work is; raise Cancelled if the caller wants no more."""
    if should_cancel is not None and should_cancel():
        raise Cancelled
    if progress is not None:
        progress(stage, fraction)


def portion(
    progress: Progress | None, start: float, stop: float, stage: str | None = None
) -> Progress | None:
    """The progress of a part of the work, told as progress of the whole.

    Parameters
    ----------
    start, stop
        Where in the whole the part begins and ends.
    stage
        Name of the part, instead of its own stages' names.
    """
    if progress is None:
        return None
    whole = progress

    def told(own_stage: str, fraction: float) -> None:
        whole(stage or own_stage, start + fraction * (stop - start))

    return told
