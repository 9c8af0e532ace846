"""Several names in one line of text, whatever letters the names hold."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote, unquote

# What names of alterations are full of (``t(8;21)``, ``+8``, ``del(5q)``) stays readable.
_PLAIN = " ()[]+-_.,;:/'*\"{}=<&!?#@$^~`"


def join_parts(parts: Sequence[str], separator: str) -> str:
    """Names joined by a character; where a name holds it, it is written as in a web address."""
    plain = _PLAIN.replace(separator, "")
    return separator.join(quote(part, safe=plain) for part in parts)


def split_parts(text: str, separator: str) -> tuple[str, ...]:
    """The names that ``join_parts`` joined."""
    return tuple(unquote(part) for part in text.split(separator))
