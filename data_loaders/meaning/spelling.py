"""Words of files made comparable: lower case, without accents, whatever the language."""

from __future__ import annotations

import re
import unicodedata

_LETTERS = str.maketrans({"ß": "ss", "œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "ı": "i"})
_ELIDED = re.compile(r"\b(?:[dl]|qu|all|dall|dell|nell|sull)['’]")
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

# Follow-up ends with the last of these: "letzter Kontakt", "data ultimo contatto".
LAST_WORDS = frozenset(
    {"last", "latest", "letzter", "letzte", "letztes", "letzten", "letztem",
     "letztmalig", "zuletzt", "lt", "ultimo", "ultima", "ultimi", "ultime", "ult", "dernier",
     "derniere", "dernieres", "derniers", "der", "dern"}
)  # fmt: skip
CONTACT_WORDS = frozenset(
    {"contact", "kontakt", "kontakts", "kontaktes", "contatto", "contacto", "follow", "followup",
     "up", "fu", "fup", "seen", "gesehen", "visto", "known", "alive", "to", "be",
     "living", "lebend", "vivo", "visit",
     "visite", "visita", "vorstellung", "nachsorge", "untersuchung", "kontrolle", "control",
     "controllo", "beobachtung", "observation", "observacion", "osservazione", "news", "notizie",
     "notizia", "nouvelles", "nouvelle", "noticias", "noticia", "suivi", "consultation",
     "consulta", "revision", "seguimiento", "status", "info", "information", "informazione"}
)  # fmt: skip
_LEGEND = re.compile(
    r"(?<![\d.])(\d{1,2})\s*[=:]\s*([^\W\d][^,;/|)\]=]*?)(?=\s*(?:[,;/|)\]]|$|\s\d+\s*[=:]))"
)


# "Alive/Dead (0/1)": words and codes in the same order.
_IN_ORDER = re.compile(
    r"([^\W\d_]+)\s*[/|]\s*([^\W\d_]+)\s*[(\[]\s*(\d{1,2})\s*[/|]\s*(\d{1,2})\s*[)\]]"
)


def legend(name: str) -> dict[str, str]:
    """What the codes of a column mean where its name says so: ``Status (1=lebt, 2=tot)``.

    Or in order: ``Alive/Dead (0/1)``.

    Returns
    -------
    dict
        Folded words by code; empty without a legend of two codes or more.
    """
    found = {code: folded(word).strip() for code, word in _LEGEND.findall(name)}
    for first, second, code, other in _IN_ORDER.findall(name):
        found |= {code: folded(first), other: folded(second)}
    return found if len(found) > 1 else {}


def without_brackets(name: str) -> str:
    """A name without what stands in brackets: ``Verstorben (ja/nein)`` -> ``Verstorben``."""
    return re.sub(r"\s*[(\[][^)\]]*[)\]]?\s*", " ", name).strip() or name


def folded(text: str) -> str:
    """A text in lower case without accents: ``Décès`` -> ``deces``, ``Größe`` -> ``grosse``.

    Letters of other scripts stay what they are.
    """
    lower = text.lower()
    if "'" in lower or "’" in lower:
        lower = _ELIDED.sub("", lower)
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
