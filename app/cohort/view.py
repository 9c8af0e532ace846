"""A View: what one looks at, as plain data that a link, a saved file or a slide can hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

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

    def to_dict(self) -> dict[str, Any]:
        """The view as plain data for JSON; ``from_dict`` reads it back equal."""
        return {
            "cohort": self.cohort,
            "filter": self.filter.to_dict(),
            "page": self.page,
            "settings": dict(self.settings),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> View:
        """Read a view from plain data.

        Raises
        ------
        FilterError
            If its filter cannot be read.
        """
        return cls(
            cohort=str(data["cohort"]),
            filter=Filter.from_dict(data.get("filter", {})),
            page=str(data.get("page", "")),
            settings={
                str(k): [str(word) for word in v] if isinstance(v, list) else str(v)
                for k, v in data.get("settings", {}).items()
            },
        )
