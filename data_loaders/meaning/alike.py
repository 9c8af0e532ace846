"""Values that mean the same, whatever a file writes."""

from __future__ import annotations

from data_loaders.meaning.derived import TRIPLE_NEGATIVE, is_triple_negative

_SAME_WORDS = {"f": "female", "w": "female", "woman": "female", "m": "male", "man": "male"}


def same_word(value: object) -> str:
    """A value as it is compared between cohorts: in small letters, usual short forms spelt out."""
    word = str(value).strip().casefold()
    if is_triple_negative(word):
        return TRIPLE_NEGATIVE.casefold()
    return _SAME_WORDS.get(word, word)
