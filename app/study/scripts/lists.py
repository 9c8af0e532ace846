"""Lists of patients in scripts: read from files beside the script, never written into it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pprint import pformat
from textwrap import indent
from typing import Any

from app.cohort.filters import Filter
from app.study.wording import count

_IDS = "patients"
IMPORT = "from pathlib import Path"


@dataclass(frozen=True)
class ListFile:
    """A list that the script reads: the file's name, and the identifiers that belong in it."""

    name: str
    ids: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Path({self.name!r}).read_text(encoding='utf-8').splitlines()"

    @property
    def sentence(self) -> str:
        """What the reader has to put where."""
        return (
            f"{self.name} holds the identifiers of {count(len(self.ids), 'patient')}, one a line."
        )


def plain_literal(plain: Any, stem: str) -> tuple[str, list[ListFile]]:
    """Plain data as an indented Python literal, and the files that its lists of patients are.

    What reads a file stands for each list; equal lists are one file.
    """
    held: dict[tuple[str, ...], ListFile] = {}

    def replaced(part: Any) -> Any:
        if isinstance(part, dict):
            return {
                key: read(tuple(value))
                if key == _IDS and isinstance(value, list)
                else replaced(value)
                for key, value in part.items()
            }
        return [replaced(inner) for inner in part] if isinstance(part, list) else part

    def read(ids: tuple[str, ...]) -> ListFile:
        return held.setdefault(ids, ListFile(f"{stem}_{len(held) + 1}.txt", ids))

    # By way of JSON: what is written is plain data, whatever the filter was made of.
    shown = replaced(json.loads(json.dumps(plain)))
    return indent(pformat(shown, sort_dicts=False), "    "), list(held.values())


def named_filters_literal(filters: Mapping[str, Filter]) -> tuple[str, list[ListFile]]:
    """Named filters as plain data by name, as a literal without lists, and the lists' files."""
    return plain_literal({name: held.to_dict() for name, held in filters.items()}, "group")
