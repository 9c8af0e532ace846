"""Words of lists of variants: wild type, not tested, germline, not called, driver, passenger.

They are read by their stems rather than from lists of whole cells, so that ``probabilmente
patogenetica``, ``Likely_pathogenic`` and ``wahrscheinlich pathogen`` are one kind; a word that says
two contradictory things (``somatic vs germline``) says none.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Literal

from data_loaders.alterations.genes import known_symbols
from data_loaders.files.columns import NO_WORDS, NOT_DONE_WORDS, YES_WORDS, TextColumn

Verdict = Literal["driver", "passenger"]

WILD_WORDS = NO_WORDS - {"0", "n", "f", "no", "false", "0.0", "nein", "non"} | frozenset(
    {
        "wt/wt", "p.=", "p.(=)", "c.=", "no mutation", "no mutations", "no mutation detected",
        "no mutation found", "mutation not detected", "not found", "keine mutation", "wildtyp",
        "wild typ", "nicht mutiert", "unmutiert", "negativ", "nicht nachgewiesen", "non muté",
        "non mute", "non mutée", "sauvage", "type sauvage", "négatif", "negatif", "non détecté",
        "non mutato", "non mutata", "selvaggio", "negativo", "negativa", "assente",
        "non rilevato", "no mutado", "no mutada", "silvestre", "tipo salvaje", "no detectado",
        "reference", "none detected", "neg.", "ausente", "nicht nachweisbar", "nicht vorhanden",
        "kein nachweis", "keine mutation nachgewiesen", "keine mutation nachweisbar",
        "mutation nicht nachgewiesen", "no mutations detected", "négative", "no detectada",
        "non détectée", "non rilevata", "mutación no detectada", "mutation non détectée",
    }
)  # fmt: skip
# These are gaps in some files: they mean no mutation where nothing else says what there is.
PERHAPS_WILD = frozenset({"none", "no", "0", "n", "false", "keine", "nein", "aucune", "nessuna",
                          "ninguna"})  # fmt: skip
NOT_TESTED_WORDS = NOT_DONE_WORDS | frozenset(
    {
        "not available", "failed", "fail", "inconclusive", "pending", "no result", "n.u.", "nu",
        "no analizado", "insufficient", "insufficient dna", "low coverage", "n.v.", "nv",
        "nicht verfügbar", "nicht beurteilbar", "ausstehend", "steht aus", "folgt", "in corso",
        "non interprétable", "en attente", "nf", "nr", "en cours", "pendiente", "no evaluable",
        "no valorable", "en curso", "not informative",
    }
)  # fmt: skip
FOUND_WORDS = YES_WORDS - {"1", "y", "t"} | frozenset(
    {
        "ja", "sì", "si", "oui", "sí", "+", "pos.", "vorhanden", "nachgewiesen", "nachweisbar",
        "mutation nachgewiesen", "mutation detected", "positiv", "mutiert", "positivo", "positiva",
        "mutato", "mutata", "presente", "rilevato", "rilevata", "positif", "muté", "mutée",
        "présent", "présente", "détecté", "détectée", "mutado", "mutada", "detectado",
        "detectada", "found", "gefunden", "trouvé", "trovato",
    }
)  # fmt: skip
PASSED_WORDS = frozenset({"pass", "passed", "ok", "p", "true", "none", "bestanden"})
_NOT_PASSED = frozenset({"fail", "failed", "not pass", "not passed", "nok", "nicht bestanden"})

_NEGATED = r"\b(?:no|not|non|nicht|kein\w*|nessun\w*|aucun\w*|sin|sans|senza|un)\b[ -]*"
_GERMLINE = re.compile(
    r"germ ?-?line|keimbahn|germinal|constitutional|constitutionnel|costituzional|constitucional|"
    r"hereditar|inherited|erblich"
)
_SOMATIC = re.compile(
    r"somati|somatisch|confirmed|valid|verified|unknown|unklar|unbekannt|inconnu|desconocid|"
    r"sconosciut|acqui|erworben|called|\btumou?r\b|^s$"
)
_NOT_CALLED = re.compile(
    r"\buncalled|not called|no ?call\b|^none$|^loh$|reject|artifa[ck]|artefa[ck]t|false positive|"
    r"falsch positiv|not somatic|non ?-?somatic|nicht somatisch|not detected|^fail|invalid|"
    r"verworfen|not confirmed|post-?transcriptional modification"
)
_WILD_STATUS = frozenset({"wildtype", "wild type", "wild-type", "wt"})
_OF_DRIVERS = re.compile(
    r"on[ck]ogen|pat[ho]*gen|driver|treiber|relevan|^resistance$|^sensitivity$"
)
_OF_PASSENGERS = re.compile(
    r"benign|\bbenin|gutartig|neutral|passenger|polymorph|^snp$|\bvus\b|\bvous\b|\bvsi\b|uncertain|"
    r"unclear|unklar|incert|inciert|unknown|unbekannt|inconnu|sconosciut|desconocid|conflict|"
    r"inconclusive|ambiguous|irrelevan|^possib|^possivel|^moglich"
)
_TIER = re.compile(r"(?:amp |acmg |escat )?tier ?(iv|iii|ii|i|[1-4]) ?[a-d]?")
_CLASS = re.compile(r"(?:acmg )?(?:class|classe|clase|klasse|c) ?-?([1-5])")
_OF_ACMG = re.compile(rf"(?:{_CLASS.pattern}|[1-5](?: 0)?)")
_CHANGE_OR_GENE = re.compile(
    r"(?:[cpg]\.)?\(?(?:[a-z*]{1,3}\d+\S*|c?\.?\d+[acgt]>[acgt])|(?:exon|ex|e)\.?\s*\d+|itd|ptd|"
    r"tkd|mutation(?:en|s)?"
)
_BESIDE = re.compile(r"[\s:,;]+")
_WORDS_KEPT = 4096
_WITHOUT = frozenset({"no", "non", "not", "nicht", "kein", "keine", "ohne", "nein", "sans", "senza",
                      "sin", "without", "aucune", "nessuna", "ninguna"})  # fmt: skip


def is_wild_type(word: str) -> bool:
    """Whether a word of a protein change, an effect or a verdict means that there is no mutation.

    Parameters
    ----------
    word
        In lower case with single spaces: ``wt``, but also ``v617f not detected`` and ``no itd``.
    """
    # Nearly every change is one token: nothing beside it can deny it.
    return word in WILD_WORDS or (_BESIDE.search(word) is not None and _denied(word))


@lru_cache(maxsize=_WORDS_KEPT)
def _denied(word: str) -> bool:
    """Whether a word names a change or a gene only to say that it was not found."""
    tokens = _BESIDE.split(word)
    left = [
        token
        for token in tokens
        if not _CHANGE_OR_GENE.fullmatch(token) and token.upper() not in known_symbols()
    ]
    rest = " ".join(left)
    return len(left) < len(tokens) and (rest in WILD_WORDS or rest in _WITHOUT)


def is_status(word: str) -> bool:
    """Whether a word says if a variant is somatic, germline or called."""
    return status_reason(word) is not None or bool(_SOMATIC.search(_plain(word)))


def says_germline(word: str) -> bool:
    """Whether a word names the germline or the tumour as the origin of a variant."""
    plain = _plain(word)
    return bool(_GERMLINE.search(plain) or re.search("somati", plain))


def status_reason(word: str) -> str | None:
    """Why a variant of a status does not count; None where it does or the status is not known.

    Parameters
    ----------
    word
        In lower case with single spaces, such as ``somatic``, ``germline`` or ``uncalled``.
    """
    plain = _plain(word)
    if plain == "g":
        return "germline"
    if plain in _WILD_STATUS:
        return "wild_type"
    if _NOT_CALLED.search(plain):
        return "not_called"
    if _GERMLINE.search(re.sub(_NEGATED + r"\S*", "", plain)):
        return None if re.search("somati", plain) else "germline"
    return None


def is_open_status(word: str) -> bool:
    """Whether a status is not known, or says germline and somatic at once."""
    plain = _plain(word)
    both = bool(_GERMLINE.search(plain) and re.search("somati", plain))
    return both or not is_status(word)


def judged(word: str) -> Verdict | None:
    """What a word judges a variant to be; None if it is no such word, or says both.

    Parameters
    ----------
    word
        Such as ``likely oncogenic``, ``vus``, ``tier iii``, ``klasse 5`` or ``putative driver``.
    """
    found = {_judged(part) for part in re.split(r"[/;,|&]", _plain(word)) if part.strip()}
    return found.pop() if len(found) == 1 else None


def _judged(text: str) -> Verdict | None:
    plain = text.strip()
    tier, acmg = _TIER.fullmatch(plain), _CLASS.fullmatch(plain)
    if tier:
        return "driver" if tier[1] in {"i", "ii", "1", "2"} else "passenger"
    if acmg:
        return "driver" if acmg[1] in "45" else "passenger"
    if _OF_PASSENGERS.search(plain):
        return "passenger"
    if _OF_DRIVERS.search(plain):
        return "passenger" if re.search(rf"(?:{_NEGATED})\S*|\bunlikely", plain) else "driver"
    return None


def verdicts(column: TextColumn) -> list[str | None]:
    """What each entry of a column of verdicts judges a variant to be; classes 1 to 5 are ACMG's."""
    numbered = is_acmg(column)
    return [
        judged(f"class {re.sub(r'[^1-5]', '', word)[:1]}" if numbered else word)
        for word in column.words
    ]


def is_acmg(column: TextColumn) -> bool:
    """Whether a column holds the classes 1 to 5 of the ACMG, of which 4 and 5 are pathogenic."""
    named = re.search(r"acmg|pathog", column.name.lower()) is not None
    named = named or any(_CLASS.fullmatch(_plain(word)) for word in column.words)
    return named and all(_OF_ACMG.fullmatch(_plain(word)) for word in column.words)


def is_presence(word: str) -> bool:
    """Whether a word says that a mutation was found, was not, or was not looked for."""
    return word in FOUND_WORDS or is_wild_type(word) or word in NOT_TESTED_WORDS


def is_filter(word: str) -> bool:
    """Whether a word says that a filter was passed or not."""
    return word in PASSED_WORDS or word in _NOT_PASSED


@lru_cache(maxsize=_WORDS_KEPT)
def _plain(word: str) -> str:
    """Lower case without accents, with single spaces between words."""
    bare = unicodedata.normalize("NFKD", word.lower())
    kept = "".join(letter for letter in bare if not unicodedata.combining(letter))
    return re.sub(r"[\s_.]+", " ", kept).strip()
