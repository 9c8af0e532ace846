"""Groups saved by name: a small file that holds them by patient, and reads back into a cohort.

The file lists patient identifiers, because only these find the same patients in a file that was
extended or sorted anew. It is made when a user asks for it; links never hold identifiers.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.cohort.colours import assign_colours
from app.cohort.groupings._arrangement import is_colour, one_line
from app.cohort.groupings._grouping import ALTERATIONS, LEFT_OUT, OUTSIDE, Grouping, GroupingError
from data_loaders import Cohort

FORMAT = "calr-explorer-groups"
VERSION = 1
_MAX_GROUPS = 60
_LONGEST_LINK_TEXT = 1_600
_LARGEST_LINK_CONTENT = 400_000
LARGEST_CONTENT = 10_000_000  # a byte a patient, of what is no link
_EXACT: dict[str, type[Any]] = {
    "ordered": bool, "after_baseline": bool, "note": str, "reference": int,
}  # fmt: skip
_HOLDS_IDS = "This file lists patient identifiers; treat it as patient data."


@dataclass(frozen=True, eq=False)
class LoadedGroups:
    """What a file of saved groups held for a cohort.

    Parameters
    ----------
    found, listed
        Patients of the file that the cohort has, and patients the file lists.
    """

    groupings: Mapping[str, Grouping]
    found: int
    listed: int


def clean_name(text: str) -> str:
    """A name as it is kept: one line without outer blanks, of at most 60 characters.

    Raises
    ------
    GroupingError
        If nothing is left of it.
    """
    name = one_line(text)
    if not name:
        raise GroupingError("Give the groups a name first.")
    return name


def saved_to_json(cohort: Cohort, groupings: Mapping[str, Grouping]) -> bytes:
    """Saved groups as a JSON file, patients by identifier."""
    ids = cohort.patients.index.to_numpy(dtype=object)
    held = [
        {
            "name": name,
            "label": grouping.label,
            "data_driven": grouping.data_driven,
            "made_of": grouping.made_of,
            "groups": [
                {"name": group, "colour": colour, "patients": ids[grouping.codes == code].tolist()}
                for code, (group, colour) in enumerate(
                    zip(grouping.names, grouping.colours, strict=True)
                )
            ],
        }
        for name, grouping in groupings.items()
    ]
    content = {
        "format": FORMAT,
        "version": VERSION,
        "cohort": cohort.name,
        "synthetic": cohort.provenance.synthetic,
        "note": _HOLDS_IDS,
        "groupings": held,
    }
    return json.dumps(content, ensure_ascii=False, indent=1).encode()


def saved_from_json(cohort: Cohort, content: bytes) -> LoadedGroups:
    """Read saved groups back into a cohort.

    Raises
    ------
    GroupingError
        If the file is not one of saved groups, or none of its patients is in the cohort.
    """
    try:
        data = json.loads(content)
        if data["format"] != FORMAT or data["version"] != VERSION:
            raise GroupingError("This file holds no saved groups that this version can read.")
        loaded = {clean_name(held["name"]): _read(cohort, held) for held in data["groupings"]}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        if isinstance(error, GroupingError):
            raise
        raise GroupingError(
            "This file does not hold saved groups; choose one that was saved on this page."
        ) from error
    found = sum(grouping_found for _, grouping_found, _ in loaded.values())
    listed = sum(in_file for _, _, in_file in loaded.values())
    if not found:
        raise GroupingError("None of the patients in this file is in the cohort you look at.")
    return LoadedGroups(
        {name: grouping for name, (grouping, _, _) in loaded.items()}, found, listed
    )


def saved_to_text(
    name: str,
    grouping: Grouping,
    longest: int | None = _LONGEST_LINK_TEXT,
    *,
    exact: bool = False,
) -> str | None:
    """Saved groups as text: who is in which group by position, without identifiers.

    Only for cohorts that everyone has: positions mean nothing to who lacks the data.

    Parameters
    ----------
    longest
        Characters that the text may have, by default those of a link; None for any number.
    exact
        Also why each patient is in no group, and all else that is known of the groups.

    Returns
    -------
    str or None
        None where the text would be longer.
    """
    head = {
        "name": name,
        "label": grouping.label,
        "groups": grouping.names,
        "colours": grouping.colours,
        "data_driven": grouping.data_driven,
        "made_of": grouping.made_of,
        "n": len(grouping.codes),
    }
    codes = np.maximum(grouping.codes, -1).astype(np.int8)
    if exact:
        codes = grouping.codes.astype(np.int8)
        head |= {"exact": {name: getattr(grouping, name) for name in _EXACT}}
    content = json.dumps(head, ensure_ascii=False).encode() + b"\x00" + codes.tobytes()
    text = base64.urlsafe_b64encode(zlib.compress(content, 9)).decode().rstrip("=")
    return text if longest is None or len(text) <= longest else None


def saved_from_text(cohort: Cohort, text: str) -> tuple[str, Grouping]:
    """Read what ``saved_to_text`` wrote for this cohort: the name and the groups.

    Raises
    ------
    GroupingError
        If the text is not that, or of a cohort of another size.
    """
    name, grouping = saved_of_text(text)
    if len(grouping.codes) != cohort.n:
        raise _refusal()
    return name, grouping


def saved_of_text(text: str, largest: int = _LARGEST_LINK_CONTENT) -> tuple[str, Grouping]:
    """Read what ``saved_to_text`` wrote, before the cohort is at hand.

    Parameters
    ----------
    largest
        Bytes that are unpacked at most, by default what anybody's link may hold.

    Raises
    ------
    GroupingError
        If the text is not that.
    """
    refusal = _refusal()
    try:
        packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        content = zlib.decompressobj().decompress(packed, largest)
        head, _, raw = content.partition(b"\x00")
        data = json.loads(head)
        names = tuple(clean_name(name) for name in data["groups"])
        codes = np.frombuffer(raw, dtype=np.int8).astype(np.int16)
        exact = data.get("exact")
        lowest = min(LEFT_OUT) if exact else -1
        known = len(codes) and codes.min() >= lowest and codes.max() < len(names)
        if not known or not all(map(is_colour, data["colours"])):
            raise refusal
        if not exact:
            codes[codes < 0] = OUTSIDE
        more = {name: kind(exact[name]) for name, kind in _EXACT.items()} if exact else {}
        if not 0 <= more.get("reference", 0) < len(names):
            raise refusal
        grouping = Grouping(
            clean_name(data["label"]),
            names,
            codes,
            tuple(data["colours"]),
            data_driven=bool(data["data_driven"]),
            made_of=_made_of(data),
            **more,
        )
        return clean_name(data["name"]), grouping
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise refusal from error
    except (zlib.error, binascii.Error) as error:
        raise refusal from error


def _refusal() -> GroupingError:
    return GroupingError(
        "The saved groups in this link cannot be read for this cohort: ask for their file."
    )


def _made_of(held: Mapping[str, Any]) -> tuple[str, ...]:
    """What groups are made of; those saved before it was known were found in the alterations."""
    usual = [ALTERATIONS] if held.get("data_driven", True) else []
    return tuple(map(str, held.get("made_of", usual)))


def _read(cohort: Cohort, held: Mapping[str, Any]) -> tuple[Grouping, int, int]:
    names = [clean_name(group["name"]) for group in held["groups"]]
    if not 1 <= len(names) <= _MAX_GROUPS:
        raise GroupingError(f"A saved grouping needs 1 to {_MAX_GROUPS} groups.")
    codes = np.full(cohort.n, OUTSIDE, dtype=np.int16)
    listed = 0
    for code, group in enumerate(held["groups"]):
        positions = cohort.patients.index.get_indexer([str(p) for p in group["patients"]])
        codes[positions[positions >= 0]] = code
        listed += len(positions)
    spare = assign_colours(names)
    colours = tuple(
        colour if is_colour(colour) else free
        for colour, free in zip((g.get("colour") for g in held["groups"]), spare, strict=True)
    )
    grouping = Grouping(
        clean_name(held["label"]),
        tuple(names),
        codes,
        colours,
        data_driven=bool(held.get("data_driven", True)),
        made_of=_made_of(held),
    )
    return grouping, int(np.count_nonzero(codes >= 0)), listed
