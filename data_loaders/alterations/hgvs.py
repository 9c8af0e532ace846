"""Changes of the protein as people write them, in one spelling.

HGVS (Hart et al., Genome Med 2024;16:149) has ``p.Val617Phe`` and ``p.(Val617Phe)``; files also
hold ``V617F``, ``p.val617phe``, ``NP_004963.1:p.Val617Phe``, ``c.1849G>T p.V617F``, ``p.Leu600%3D``
and several changes in a cell. All of them become the one-letter form, several joined by ``;``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote

_THREE_LETTERS = {
    "Ala": "A", "Arg": "R", "Asn": "N", "Asp": "D", "Cys": "C", "Gln": "Q", "Glu": "E", "Gly": "G",
    "His": "H", "Ile": "I", "Leu": "L", "Lys": "K", "Met": "M", "Phe": "F", "Pro": "P", "Ser": "S",
    "Thr": "T", "Trp": "W", "Tyr": "Y", "Val": "V", "Ter": "*", "Sec": "U", "Stop": "*",
}  # fmt: skip
_BY_CODE = {code.lower(): letter for code, letter in _THREE_LETTERS.items()}
_THREE = re.compile("|".join(_THREE_LETTERS))
_ANY_CASE = re.compile("|".join(_THREE_LETTERS), re.IGNORECASE)
# A residue in three letters in front of its number: the rest is in three letters, too.
_IN_THREE = re.compile(rf"\(?(?:{'|'.join(_THREE_LETTERS)})\d", re.IGNORECASE)
_BARE_CHANGE = re.compile(
    r"\(?(?:[A-Z*]\d+\)?(?:[A-Z*=]|fs|_|del|ins|dup|>)|"
    rf"(?:{'|'.join(_THREE_LETTERS)})\d+\)?(?:[A-Za-z*=_>]))"
)
_LOWER_CHANGE = re.compile(r"[a-z]\d{1,5}[a-z*]|(?:ala|arg|asn|asp|cys|gln|glu|gly|his|ile|leu|lys|"
                           r"met|phe|pro|ser|thr|trp|tyr|val)\d{1,5}[a-z]{2,}.*")  # fmt: skip
_ENCODED = re.compile("%[2-5][0-9A-Fa-f]")
_TOKENS = re.compile(r"[;,|\s]+|/(?=\(?[pP]\.)")
_DENIALS = frozenset(
    {"no", "not", "non", "neg", "negative", "negativ", "without", "absent", "kein", "keine",
     "ohne", "nicht", "wt", "wild", "wildtype", "wildtyp", "sans", "senza", "sin"}
)  # fmt: skip
_CHANGES_KEPT = 16_384  # a list's changes are looked at as names of columns, classes, refinements
_UNKNOWN_CHANGE = frozenset({"p.?", "?", "p.", "p.0?", "p.(?)"})
_UNDERSTOOD = re.compile(
    r"p\.(?:=|0|"
    r"[A-Z*-]{0,20}\d+(?:[A-Z*=?]|"  # V617F, Q12*, L600=, M1?
    r"[A-Z*]?fs[*A-Z]?(?:>?\d+|\?)?(?:\*\?)?|"  # L367fs, L367Tfs*46
    r"(?:_[A-Z*]{0,3}\d+)?(?:(?:del|ins|dup|inv)[A-Z*\d]*){1,2}|"  # K313dup, I836_M837delinsT
    r"(?:_[A-Z*]{0,3}\d+)?[A-Z*]*>[A-Z*]+(?:fs\*?\d*)?|"  # Y597>YDFRE
    r"_splice|[A-Z*]?ext.*)?)"
)
_RESIDUE_ALONE = re.compile(r"p\.[A-Z*]?\d+\??")
_PAIR = re.compile(r"p\.([A-Z]\d+[A-Z])_([A-Z]\d+[A-Z])")
# What clinicians call the two frequent mutations of CALR.
CALR_WORDS = (
    r"(?i:\btype?[\s_-]*(?:1|I)\b|\bdel[\s_-]*52|\b52[\s_-]*bp[\s_-]*del)",
    r"(?i:\btype?[\s_-]*(?:2|II)\b|\bins[\s_-]*5\b|\b5[\s_-]*bp[\s_-]*ins)",
)
# The same mutations by the change of the coding sequence.
CALR_CODING = (r"\bc\.(?:1099_1150|1092_1143)del", r"\bc\.115[45]_115[56](?:ins|dup)")
V617F_CODING = r"\bc\.1849G>T\b"
_OTHER_WORDS = re.compile(
    r"\b(?i:ITD|PTD|TKD)\b|_(?i:ITD|PTD)$|" + "|".join((V617F_CODING, *CALR_WORDS, *CALR_CODING))
)


@lru_cache(maxsize=_CHANGES_KEPT)
def protein_change(text: str) -> str:
    """The protein changes that a cell names, in one-letter code, joined by ``;``.

    Transcripts, changes of the coding sequence and brackets beside them are dropped; what names no
    protein change (``ITD``) stays as it is, and so does what denies one (``no V617F``).
    """
    plain = (unquote(text) if "%" in text and _ENCODED.search(text) else text).strip()
    if plain.startswith("p.") and _UNDERSTOOD.fullmatch(plain):
        return _one_letter(plain[2:])
    tokens = [token.rsplit(":", 1)[-1] for token in _TOKENS.split(plain) if token]
    if any(token.lower() in _DENIALS for token in tokens):
        return plain
    tokens = [token.strip("[]{}") for token in tokens]
    tokens = [token[1:-1] if token[:1] == "(" and token[-1:] == ")" else token for token in tokens]
    stated = [token[2:] for token in tokens if token[:2] in {"p.", "P."}]
    bare = [
        token
        for token in tokens
        if _BARE_CHANGE.match(token) or _LOWER_CHANGE.fullmatch(token.lower())
    ]
    if not stated and not bare:
        return plain.rsplit(":", 1)[-1].strip()
    # ``p.[V617F;V618F]``: the second has no ``p.`` of its own.
    found = [_one_letter(token) for token in (stated + bare if stated and ";" in plain else stated)]
    return ";".join(dict.fromkeys(found or map(_one_letter, bare)))


def changes_of(text: str) -> list[str]:
    """The single changes of a cell that :func:`protein_change` has written.

    ``p.Q699H_K700E`` is two substitutions.
    """
    pair = _PAIR.fullmatch(text)
    return [f"p.{pair[1]}", f"p.{pair[2]}"] if pair else text.split(";")


def is_understood(text: str) -> bool:
    """Whether it is known which change a cell that :func:`protein_change` has written names."""
    return all(
        _UNDERSTOOD.fullmatch(change) is not None or _OTHER_WORDS.search(change) is not None
        for change in changes_of(text)
    )


def is_residue(text: str) -> bool:
    """Whether a change that :func:`protein_change` has written names a residue and no more."""
    return _RESIDUE_ALONE.fullmatch(text) is not None


def is_nameless(text: str) -> bool:
    """Whether a cell says in HGVS that the change is not known: ``p.?``."""
    return text in _UNKNOWN_CHANGE


def _one_letter(body: str) -> str:
    plain = _BRACKETS.sub("", body)
    if _IN_THREE.match(plain):
        plain = _ANY_CASE.sub(lambda match: _BY_CODE[match[0].lower()], plain)
    else:
        plain = _THREE.sub(lambda match: _THREE_LETTERS[match[0]], plain)
        if re.fullmatch(r"[a-z]\d+[a-z*]", plain):
            plain = plain.upper()
    if plain[-1:] == "X":
        plain = _STOP_AS_X.sub(r"\1*", plain)
    return "p." + (_SHIFT_TO_X.sub("fs*", plain) if "fs" in plain else plain)


_BRACKETS = re.compile(r"[()\[\]{}]")
_STOP_AS_X = re.compile(r"^([A-Z]\d+)X$")
_SHIFT_TO_X = re.compile(r"fs[Xx](?=\d|$|\?)")
