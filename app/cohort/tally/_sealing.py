"""Files that sites send each other: versioned, with their hash, and signed where a key was agreed.

The hash tells damage; whoever changes a file on purpose can make it anew. The signature
(HMAC-SHA256, RFC 2104) needs the key that one site and the coordinator agreed on by another way:
who does not have it can change nothing on the way without being noticed. Since both ends have it,
it proves nothing to a third, and it hides nothing: who may read the file is another matter.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.cohort.tally._tally import TallyError

SHORTEST_KEY = 16
_HASH, _SIGNATURE, _METHOD = "sha256", "signature", "HMAC-SHA256"


@dataclass(frozen=True)
class Seal:
    """What is known of who wrote a file.

    Attributes
    ----------
    by
        Who says to have signed it; empty where nobody did.
    checked
        Whether the signature was checked with a key, and holds.
    """

    by: str = ""
    checked: bool = False

    @property
    def words(self) -> str:
        """For a table: ``signed, unaltered``."""
        if not self.by:
            return "not signed"
        return "signed, unaltered" if self.checked else "signed, no key here to check it"


UNSIGNED = Seal()


def digest_of(content: Mapping[str, Any]) -> str:
    """SHA-256 (hexadecimal) of plain data."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def sealed(content: Mapping[str, Any], by: str, key: str | None = None) -> str:
    """The text of a file.

    Parameters
    ----------
    by
        Who writes it.
    key
        Agreed with the reader; None leaves it unsigned.

    Raises
    ------
    TallyError
        If the key is too short to keep anybody from guessing it.
    """
    told = digest_of(content)
    whole = dict(content) | {_HASH: told}
    if key is not None:
        if len(key) < SHORTEST_KEY:
            raise TallyError(
                f"A key has at least {SHORTEST_KEY} characters: agree on a longer one, best made "
                "by chance."
            )
        whole[_SIGNATURE] = {"by": by, "method": _METHOD, "value": _signature(told, by, key)}
    return json.dumps(whole, indent=1)


def unsealed(
    text: str | bytes,
    kind: str,
    version: int,
    words: str,
    *,
    writer: str,
    keys: Mapping[str, str] | None = None,
) -> tuple[dict[str, Any], Seal]:
    """Read a file, its hash and its signature checked.

    Parameters
    ----------
    kind, version
        What the file says to be.
    words
        What it is called in sentences: ``release of counts``.
    writer
        Where its content names who wrote it.
    keys
        Agreed keys by name of the writer. Whose key is here must sign.

    Raises
    ------
    TallyError
        If it is no such file, was changed, or is not signed with the key of its writer.
    """
    try:
        content = json.loads(text)
        told = content.pop(_HASH)
        signed = content.pop(_SIGNATURE, None)
        known = (content["kind"], content["version"]) == (kind, version)
        by = str(content[writer])
        # Signed by another, or in a way that is not known here, is not signed by its writer.
        value = None
        if signed is not None and (signed["by"], signed["method"]) == (by, _METHOD):
            value = str(signed["value"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise TallyError(f"This file is not a {words}.") from error
    short = words.partition(" ")[0]
    if not known:
        raise TallyError(
            f"This {short} was written by another version; ask the site for a new one."
        )
    if told != digest_of(content):
        raise TallyError(
            f"The {short} of {by} was changed after it was written: ask the site for "
            "its file again."
        )
    key = (keys or {}).get(by)
    if key is None:
        return content, Seal(by if value is not None else "")
    if value is None:
        raise TallyError(
            f"{by} signs its files and this one is not signed: ask the site for its file again."
        )
    if not hmac.compare_digest(value, _signature(told, by, key)):
        raise TallyError(
            f"The signature of {by} does not fit: the file was changed on the way, or the keys "
            "differ."
        )
    return content, Seal(by, checked=True)


def _signature(told: str, by: str, key: str) -> str:
    return hmac.new(key.encode(), f"{by}\x00{told}".encode(), hashlib.sha256).hexdigest()
