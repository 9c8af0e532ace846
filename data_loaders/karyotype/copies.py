"""Copies of a chromosome's arm as alterations: a gain from three, an amplification from four.

Myeloma counts the copies of 1q: three are a gain, four and more an amplification, whose outcome is
another (Schmidt 2019 Blood Cancer J 9:94). ``CN_1q21`` of 3, ``4+ copies`` and a column ``1q gain``
of no, gain and amp are read. The columns stay variables: how many copies is a finding of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

from data_loaders.alterations.columns import Alterations
from data_loaders.alterations.genes import read_feature_name
from data_loaders.arrays import Floats
from data_loaders.files.columns import UNKNOWN_WORDS, TextColumn
from data_loaders.model import Issue
from data_loaders.variants.words import NOT_TESTED_WORDS
from data_loaders.wording import listed, shown

NORMAL, GAINED, AMPLIFIED = 2, 3, 4
_MOST_COPIES = 30
_WORDS = re.compile(
    r"(?:\b|_)(?:copy[\s_.\-]*(?:numbers?|nr|no|count)|(?:n(?:umber|r|o)?[\s_.]*(?:of[\s_.]*)?)?"
    r"copies|cn)(?:\b|_)(?:[\s_.]*of\b)?",
    re.IGNORECASE,
)
_PLACE = re.compile(r"(?:chr)?(?P<chromosome>\d{1,2}|x|y)(?P<arm>[pq])[\d.]*", re.IGNORECASE)
_GAIN = re.compile(r"(?:\+|amp\()(?P<arm>\w+?)\)?")
_NUMBER = re.compile(
    r"(?P<above>>)?[≥=]?\s*(?P<n>\d{1,2})(?:\.0)?\s*\+?"
    r"(?:\s*(?:or more\s*)?(?:copies|copy|x))?"
)
_MEANING = {
    **dict.fromkeys(("no", "none", "normal", "negative", "neg", "diploid", "absent"), 2.0),
    **dict.fromkeys(("gain", "gained"), 3.0),
    **dict.fromkeys(("amp", "amplified", "amplification"), 4.0),
    **dict.fromkeys(("del", "deleted", "deletion", "loss"), 1.0),
}  # fmt: skip


def with_copies(base: Alterations, columns: Mapping[str, TextColumn]) -> Alterations:
    """Add gains, amplifications and losses of the arms whose copies a column counts.

    Parameters
    ----------
    base
        The alterations so far; an event that has a column of its own is left as it is.
    columns
        The columns that are no alteration and no outcome.
    """
    for name, column in columns.items():
        if name in base.sources or not len(column.texts):
            continue
        arm, counted = _arm_of(name)
        copies = np.array([_copies(word) for word in column.words]) if arm else np.empty(0)
        # A column named after the gain says its copies where it tells three from four.
        told = counted or (len(copies) > 0 and float(np.nanmax(copies, initial=0)) >= AMPLIFIED)
        if arm and told and _understood(column, copies):
            base = _with_arm(base, column, arm, column.spread(copies))
    return base


def _arm_of(name: str) -> tuple[str, bool]:
    """The arm that a column's name is about, and whether it says copies; empty if it is none."""
    plain = _WORDS.sub(" ", name)
    place = _PLACE.fullmatch(plain.strip(" _.-()[]"))
    if plain != name and place is not None:
        return place["chromosome"].upper() + place["arm"].lower(), True
    feature = read_feature_name(plain.strip(" _.-"))
    event = _GAIN.fullmatch(feature.name) if feature and feature.kind == "cytogenetic" else None
    arm = event["arm"] if event else ""
    return (arm, plain != name) if arm[-1:] in {"p", "q"} else ("", False)


def _copies(word: str) -> float:
    """Copies that an entry gives, the fewest of them; NaN if it gives none."""
    number = _NUMBER.fullmatch(word.strip())
    if number is not None and int(number["n"]) <= _MOST_COPIES:
        return float(number["n"]) + (number["above"] is not None and "=" not in word)
    return _MEANING.get(word.strip(), np.nan)


def _understood(column: TextColumn, copies: Floats) -> bool:
    """Whether every entry gives its copies or is unknown, and not everybody has as many."""
    unknown = [word in UNKNOWN_WORDS | NOT_TESTED_WORDS for word in column.words]
    known = ~np.isnan(copies)
    return bool((known | unknown).all()) and len(np.unique(copies[known])) > 1


def _with_arm(base: Alterations, column: TextColumn, arm: str, copies: Floats) -> Alterations:
    gain, more, lost = f"+{arm}", f"amp({arm})", f"del({arm})"
    found = {
        gain: ("cytogenetic", None, copies >= GAINED),
        more: ("refinement", gain, copies >= AMPLIFIED),
        lost: ("cytogenetic", None, copies < NORMAL),
    }
    new = {
        event: told
        for event, told in found.items()
        if event not in base.features.index and told[2].any()
    }
    if not new:
        return base
    said = f"copies in {shown(column.name)}: gained from {GAINED}, amplified from {AMPLIFIED}"
    features = pd.DataFrame(
        [
            {"kind": kind, "gene": whole, "label": event, "source_column": column.name,
             "reason": said}
            for event, (kind, whole, _) in new.items()
        ],
        index=pd.Index(list(new), dtype=object),
    )  # fmt: skip
    states = {e: np.where(np.isnan(copies), np.nan, has) for e, (_, _, has) in new.items()}
    sentence = (
        f"{shown(column.name)} was read as copies of {arm}: {listed(list(new))}, a gain from "
        f"{GAINED} copies, an amplification from {AMPLIFIED}."
    )
    issue = Issue("info", sentence, column.name, int(column.filled.sum()), code="copies")
    return base.added(features, states, issue)
