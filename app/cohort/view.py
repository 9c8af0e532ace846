"""A View: what one looks at, as plain data that a link, a saved file or a slide can hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.cohort.filters import Filter


@dataclass(frozen=True)
class View:
    """Cohort, filter, page and the page's settings.

    Parameters
    ----------
    cohort
        Key of the cohort, such as ``demo:mpn``.
    filter
        Which patients.
    page
        Path of the page without the slash: ``survival``; empty for the home page.
    settings
        The page's own settings by widget key, as text; several choices as a list.
    """

    cohort: str
    filter: Filter = field(default_factory=Filter)
    page: str = ""
    settings: Mapping[str, str | list[str]] = field(default_factory=dict)
