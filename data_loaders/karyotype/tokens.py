"""A karyotype's text taken apart: clones, their heads, their tokens, and what is not banding.

Every pattern here is linear on text of bounded length: repetitions are of single characters or
bounded, and none is nested in another.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST = 2_000  # characters; the longest of 4,400 published karyotypes has 550

_SAME = str.maketrans(
    {"−": "-", "–": "-", "—": "-", "‐": "-", "×": "x", "*": "x", "∼": "~", "˜": "~", "；": ";",
     "，": ",", "（": "(", "）": ")", '"': " ", "“": " ", "”": " ", "\n": " ", "\t": " ", "\r": " ",
     "\u00a0": " ", "{": "[", "}": "]", "_": " "}
)  # fmt: skip
_OPENING = r"(?:del|add|der|inv|ins|dic|idic|dup|iso|t|i|r)\("
# Slips of the pen: "del(5))(q13)", "der(22)(t(1;22)", "dert(3;17)", "t(3:17)", "-17.add(21)";
# "inv(1198q15q22)" typed without shift, where 9 and 8 are brackets; "t(q22;q22)" without its
# chromosomes; a slash left out before "77~158<4n>".
_SLIPS = (
    (re.compile(r"\)\)+(?=\()"), ")"),
    (re.compile(rf"\((?={_OPENING})"), ""),
    (re.compile(r"\bdert\("), "der(?)t("),
    (re.compile(r"(?<!:):(?!:)"), ";"),
    (re.compile(rf"(?<=[)\d])\.(?=[+-]|\??{_OPENING})"), ","),
    (re.compile(r"(\((?:[1-9]|1\d|2[0-2]|x|y))98(?=[pq])"), r"\1)("),
    (re.compile(r"\bt\((?=[pq][\d.]{1,6};[pq][\d.]{1,6}\))"), "t(?;?)("),
    (re.compile(r",(?=\d{2,3}[-~]\d{2,3}<\dn>)"), "/"),
)
# Cells counted without brackets, at the end of each clone: "46,xx19", "add(7)(q21)11", "46,xy,20",
# "-72" (there is no chromosome 72).
_BARE_CELLS = re.compile(
    r"^(.{0,400}\)|\d\d,?[xy]{1,3},?|.{0,400}[+-](?:[3-9]|2(?=[3-9])))(\d{1,3})$"
)
_TWO_NUMBERS = re.compile(r"(?P<low>\d\d)(?P<high>\d\d)(?=,[xyo])")
_WIDEST = 15  # chromosomes between the ends of a range written "4445"
_SPACE_AROUND = re.compile(r" (?=[,;()\[\]+<>])|(?<=[,;()\[\]+<>]) ")
_CLONE_MARKS = re.compile(r"[()\[\]/]")
_TOKEN_MARKS = re.compile(r"[()\[\],;]")
_MOSAIC = re.compile(r"^mos\b[ .]*")
# What follows was seen by probes, arrays or PCR instead of in bands.
_APART = re.compile(
    r"(?:^|[\s.,;:/)\]])(?:in )?(?:nuc ?ish|ish|fish|f\.i\.s\.h|pcr|rt-pcr|cgh|acgh|array|arr)"
)
_HEAD = re.compile(
    r"[?~<> ]*(?P<low>\d{2,3})(?:[-~ ]{1,3}(?P<high>\d{2,3})(?!\d))?(?:or\d{2,3})?"
    r"(?:<(?P<ploidy>\d)n[+-]?>)?(?=$|[^\d.])"
)
_SEX = re.compile(
    r"[,; ]*(?P<sex>[xyo?]{1,24})(?P<c>c?)\.{0,3}"
    r"(?=$|[^a-z0-9(]|\([a-wz]|idem|sl|sdl|del|add|der|inv|t\()"
)
_NEXT_CLONE = re.compile(r"[?~<]*(?:\d{2,3}[-~,< x]|idem|sl\b|sdl)")
# What begins a new token behind a comma, even where a bracket before it was never closed.
_NEXT_TOKEN = re.compile(rf"[+-]\??(?:\d|[xy]\b|[a-z])|\d?x?{_OPENING}|inc\b|mar|\[")
_CELLS = re.compile(r"\[(?P<cp>cp)?[~ ]?(?P<n>\d{1,4})?(?:/\d{1,4})?[^\]]{0,20}\]?")


@dataclass(frozen=True)
class Head:
    """Number of chromosomes, lowest and highest, level of ploidy if stated, sex chromosomes."""

    modal: tuple[int, int] | None
    ploidy: int | None
    sex: str
    constitutional: bool


NO_HEAD = Head(None, None, "", constitutional=False)


def tidied(text: str) -> tuple[str, str]:
    """The text of the bands in small letters with one spelling of signs, and what stands apart."""
    text = " ".join(text.translate(_SAME).lower().replace("'", " ").split())
    text = _SPACE_AROUND.sub("", text)
    apart = _APART.search(text)
    cut = len(text) if apart is None else apart.start() + (text[apart.start()] in ")]")
    body = _MOSAIC.sub("", text[:cut])
    for slip, meant in _SLIPS:
        body = slip.sub(meant, body)
    return _bracketed(body.strip(" .;,:")), text[cut:].strip(" .;,/:")


def _bracketed(body: str) -> str:
    """Brackets around the counts of cells where none is written and every clone ends in one."""
    if "[" in body or not body[:1].isdigit():
        return body
    ends = [_BARE_CELLS.match(clone) for clone in clones_of(body)]
    if any(end is None for end in ends) or all(end and end[1][-1].isdigit() for end in ends):
        return body
    return "/".join(f"{end[1].rstrip(',')}[{end[2]}]" for end in ends if end)


def head_of(text: str) -> tuple[Head, str] | None:
    """The head of a clone and what follows it; None if the text does not begin with a number."""
    if (two := _TWO_NUMBERS.match(text)) and 0 < int(two["high"]) - int(two["low"]) <= _WIDEST:
        text = f"{two['low']}~{text[2:]}"
    match = _HEAD.match(text)
    if match is None:
        return None
    low = int(match["low"])
    high = int(match["high"] or low)
    # ISCN shortens nothing, but "45-6" is not a range and 4512 no number of chromosomes.
    modal = (low, high) if 15 <= low <= high <= 500 else None
    rest = text[match.end() :]
    sex = _SEX.match(rest)
    if sex is not None:
        rest = rest[sex.end() :]
    return (
        Head(
            modal,
            int(match["ploidy"]) if match["ploidy"] else None,
            sex["sex"].upper().replace("O", "") if sex else "",
            bool(sex and sex["c"]),
        ),
        rest.lstrip(",; "),
    )


def clones_of(text: str) -> list[str]:
    """The clones, cut at slashes outside brackets, or where one ends without a slash."""
    clones, start, depth = [], 0, 0
    for mark in _CLONE_MARKS.finditer(text):
        i, sign = mark.start(), mark[0]
        if sign in "([":
            depth += 1
        elif sign in ")]":
            depth = max(0, depth - 1)
        ends = sign == "/" and (depth == 0 or _NEXT_CLONE.match(text, i + 1))
        if ends or (sign == "]" and _NEXT_CLONE.match(text, i + 1 + (text[i + 1 : i + 2] == ";"))):
            clones.append(text[start : i if ends else i + 1])
            start, depth = i + 1, 0
    clones.append(text[start:])
    return [clone.strip(" ,;") for clone in clones]


def tokens_of(text: str) -> list[str]:
    """The events of a clone, cut at commas outside brackets."""
    tokens, start, depth = [], 0, 0
    for mark in _TOKEN_MARKS.finditer(text):
        i, sign = mark.start(), mark[0]
        if sign in "([":
            depth += 1
        elif sign in ")]":
            depth = max(0, depth - 1)
        elif depth == 0 or (sign == "," and _NEXT_TOKEN.match(text, i + 1)):
            tokens.append(text[start:i])
            start, depth = i + 1, 0
    tokens.append(text[start:])
    return [token.strip(" .") for token in tokens if token.strip(" .")]


def without_cells(token: str) -> tuple[str, int | None, bool, bool]:
    """A token without its count of cells, the count, whether composite, whether there was one."""
    found = list(_CELLS.finditer(token))
    if not found:
        return token, None, False, False
    match = found[-1]
    composite = bool(match["cp"]) or token[: match.start()].endswith("cp")
    rest = _CELLS.sub("", token).strip().removesuffix("cp")
    return rest, int(match["n"]) if match["n"] else None, composite, True
