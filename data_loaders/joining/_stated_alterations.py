"""Columns of alterations whose name or values a mapping states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from data_loaders.alterations.genes import FeatureName
from data_loaders.files.columns import UNKNOWN_WORDS, TextColumn, relabelled
from data_loaders.mapping.parts import AlterationMapping
from data_loaders.meaning.event_codes import meaning_of
from data_loaders.model import Issue
from data_loaders.wording import plural, shown

_ANSWERS = {"altered": "1", "not altered": "0"}
_NOT_TESTED = "not tested"


@dataclass(frozen=True, eq=False)
class Stated:
    """What a mapping says of columns of alterations.

    Parameters
    ----------
    columns
        Those whose values it explains, as columns of yes and no.
    kept
        Those among them that say more than yes and no, and stay variables as well.
    """

    features: Mapping[str, FeatureName]
    columns: Mapping[str, TextColumn]
    kept: frozenset[str]
    issues: tuple[Issue, ...]


def stated_alterations(
    said: Mapping[str, AlterationMapping], columns: Mapping[str, TextColumn]
) -> Stated:
    """Name the stated columns and translate their values.

    Parameters
    ----------
    said
        What the mapping says, by column.
    columns
        As they stand in the file; what is not among them is left out.
    """
    here = {name: stated for name, stated in said.items() if name in columns}
    coded = {name: stated for name, stated in here.items() if stated.codes}
    issues = []
    for name, stated in coded.items():
        column = columns[name]
        unread = [
            count
            for text, word, count in zip(column.texts, column.words, column.counts, strict=True)
            if meaning_of(stated.codes, str(text)) is None and word not in UNKNOWN_WORDS
        ]
        if unread:
            issues.append(
                Issue(
                    "warning",
                    f"{shown(name)} holds {plural(len(unread), 'value')} whose meaning the mapping "
                    f"does not state, in {plural(int(sum(unread)), 'patient')}; they count as not "
                    "tested.",
                    name,
                    int(sum(unread)),
                    code="codes",
                )
            )
    return Stated(
        {name: stated.feature(name) for name, stated in here.items()},
        {name: _translated(columns[name], stated.codes) for name, stated in coded.items()},
        frozenset(name for name in coded if not columns[name].answers_only),
        tuple(issues),
    )


def _translated(column: TextColumn, codes: Mapping[str, str]) -> TextColumn:
    return relabelled(column, lambda text: _ANSWERS.get(meaning_of(codes, text) or "", _NOT_TESTED))
