"""How much is read: limits that protect the machine, and that a deployment may set."""

from __future__ import annotations

import os

from data_loaders.model import CohortError

_PREFIX = "CALR_EXPLORER_"


def limit(name: str, default: int) -> int:
    """A limit, from the environment variable ``CALR_EXPLORER_<name>`` where that is set.

    Parameters
    ----------
    name
        In capitals, such as ``MAX_ROWS``.
    default
        The limit otherwise.

    Raises
    ------
    CohortError
        If the variable holds anything but a whole number above zero.
    """
    text = os.environ.get(f"{_PREFIX}{name}", "").strip()
    if not text:
        return default
    if not text.isdecimal() or int(text) < 1:
        raise CohortError(
            f"The environment variable {_PREFIX}{name} needs a whole number above zero, such as "
            f"{default}."
        )
    return int(text)
