"""Words of files made comparable: lower case, without accents, whatever the language."""

from __future__ import annotations

import re
import unicodedata

_LETTERS = str.maketrans({"ß": "ss", "œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "ı": "i"})
_ORDINARY = re.compile(r"[\x00-\x7f]*")
# Articles and prepositions of German, Italian, French, Spanish and English headers.
ARTICLES = frozenset(
    {
        "a", "al", "alla", "allo", "am", "at", "au", "aux", "bei", "bis", "d", "da", "dal", "dalla",
        "das", "de", "dei", "del", "dell", "della", "delle", "den", "der", "des", "di", "die", "du",
        "el", "il", "im", "in", "l", "la", "las", "le", "les", "lo", "los", "of", "on", "the",
        "vom", "von", "zum", "zur",
    }
)  # fmt: skip


def folded(text: str) -> str:
    """A text in lower case without accents: ``Décès`` -> ``deces``, ``Größe`` -> ``grosse``.

    Letters of other scripts stay what they are.
    """
    lower = text.lower()
    if _ORDINARY.fullmatch(lower):
        return lower
    parts = unicodedata.normalize("NFKD", lower.translate(_LETTERS))
    return "".join(part for part in parts if not unicodedata.combining(part))


def spoken(text: str) -> tuple[str, ...]:
    """The words of a header in order, folded; capitals inside a word begin another one.

    Parameters
    ----------
    text
        Such as ``Data dell'ultimo contatto`` or ``dateDeces``.
    """
    spaced = re.sub(r"(?<=[a-zà-ÿ])(?=[A-Z])", " ", text)
    return tuple(re.sub(r"[\W_]+", " ", folded(spaced)).split())


def glued(words: tuple[str, ...] | str) -> str:
    """Words as one key: without articles and spaces, ``ae``, ``oe``, ``ue`` as plain vowels.

    ``Hämoglobin`` and ``Haemoglobin`` have the same key.
    """
    tokens = words.split() if isinstance(words, str) else words
    kept = [word for word in tokens if word not in ARTICLES] or list(tokens)
    return re.sub(r"([aou])e", r"\1", "".join(kept))
