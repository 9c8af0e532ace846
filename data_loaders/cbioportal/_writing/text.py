"""Text as the files of a study can hold it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff]+")
_IDENTIFIER = re.compile(r"[A-Za-z0-9._-]+")


def cleaned(text: object) -> str:
    """One line without tabs and control characters, which would break rows and columns."""
    return _UNPRINTABLE.sub(" ", str(text)).strip()


def rows_text(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A tab-separated table."""
    return "".join("\t".join(row) + "\n" for row in (header, *rows))


def fields_text(fields: Mapping[str, str]) -> str:
    """A meta file."""
    return "".join(f"{key}: {value}\n" for key, value in fields.items())


def valid_identifiers(names: Sequence[str]) -> list[str]:
    """Identifiers of the letters that the format allows, still all different.

    Letters, digits, points, underscores and hyphens stay; what else occurs becomes an underscore.
    """
    taken = {name for name in names if _IDENTIFIER.fullmatch(name) and not _blank(name)}
    result = []
    for name in names:
        if name in taken:
            result.append(name)
            continue
        base = re.sub(r"[^A-Za-z0-9._-]", "_", name)
        base = f"_{base}" if _blank(base) else base
        own, number = base, 1
        while own in taken:
            number += 1
            own = f"{base}_{number}"
        taken.add(own)
        result.append(own)
    return result


def unique_name(name: str, taken: set[str]) -> str:
    """A name that is not taken yet whatever its case, with a number if need be; it is now."""
    own, number = name, 1
    while own.upper() in taken:
        number += 1
        own = f"{name}_{number}"
    taken.add(own.upper())
    return own


def _blank(name: str) -> bool:
    """Whether a reader would take an identifier for a missing value."""
    return name.lower() in {"", "na", "n.a.", "nan", "null", "nat", "."}
