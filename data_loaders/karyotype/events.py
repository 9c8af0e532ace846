"""One token of a karyotype: what happened to which chromosome, under the name people use.

Symbols follow ISCN 2020. ``del(5)(q13q33)`` is ``del(5q)``: names go to the arm, keys for counting
keep the bands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

_CHROMOSOME = r"(?:[1-9]|1\d|2[0-2]|x|y)"
_OP = (
    r"dicr|psu ?dic|pseudodic|psudic|idic|ider|iso|dic|der|del|add|dup|trp|trip|tri|qdp|inv|ins|"
    r"rob|rcp|rec|fra|hsr|amp|abn|upd|tas|t|i|r"
)
_WORDS = {"dicr": "dic", "iso": "i", "rob": "der", "rcp": "t", "trip": "trp", "tri": "trp",
          "psudic": "dic", "psu dic": "dic", "pseudodic": "dic"}  # fmt: skip
_MOST_COPIES = 4  # "+8x2" is two of chromosome 8; "+2x8" can only be that too
_NUMERIC = re.compile(rf"([+-])(?:(\d)x)?({_CHROMOSOME})(?:x(\d))?")
_SUFFIXED = re.compile(rf"({_CHROMOSOME})([+-])")
_WORDED = re.compile(
    rf"(monosom(?:y|ie|ia)|mono|minus|loss|trisom(?:y|ie|ia)|tris|tri|plus|gain|del(?:etion)?)[ _]?"
    rf"\(?({_CHROMOSOME})([pq]?)\)?"
)
_ARM = re.compile(
    rf"(?:([+-])({_CHROMOSOME})([pq])[\d.]{{0,6}}|({_CHROMOSOME})([pq])[\d.]{{0,6}}([+-]))"
)
_BARE = re.compile(rf"({_OP}) ?({_CHROMOSOME})(?:([pq])[\d.pq]{{0,12}})?")
_OBJECT = re.compile(
    r"([+-]?)(?:(\d{1,2})(?:[-~](\d{1,2})?)?x?)? ?(marker|mar|m|r|dmins?|dm|ace|hsr|min|frag)"
    r"(\d{0,2})(?:[-~](\d{1,2}))?(?:x(\d))?"
)
# Variants that people are born with: heterochromatin, satellites, stalks.
_VARIANT = re.compile(rf"{_CHROMOSOME}(?:[pq]?h|[pq]?st?k?|cenh|[pq]ss)[+-]?")
_PIECE = re.compile(
    rf"({_OP})\(([^()]{{0,60}})\)?((?:\(?[^()a-z][^()]{{0,120}}\)?|\([^()]{{0,120}}\))?)"
)
_BANDS = re.compile(r"\(?(\??[pq?][^()]{0,120})\)?")
_END = re.compile(r"(?:x(\d{1,2})|c|\?|mat|pat|dn|inh|\)| )*")
_DOUBT = re.compile(r"^(?:\(\?\)|\?)")
_DOUBT_BEHIND_SIGN = re.compile(r"(?<=^[+-])\?")
_BEFORE_PIECES = re.compile(r"([+-]?)(?:(\d{1,2})(?:[-~]\d{1,2})?x? ?)?([+-]?)")
_OF_ARMS = re.compile(rf"({_CHROMOSOME})([pq])[\d.?~-]{{0,8}}((?:[pq][\d.?~-]{{0,8}})?)")
_OR = re.compile(rf"(?<=[)\dxy ])or ?(?=[+-]|(?:{_OP})\()")
_LEVEL = re.compile(r"([3-9])n")
_JOINED = re.compile(r"(?<=[)\dxya-z])(?=[+-]\??(?:\d|[xy]\b|[a-z]))")
_TERMINI = re.compile(r"[pq]ter|cen")
# Three chromosomes may share in the exchange that makes a known fusion.
_VARIANT_FUSIONS = (
    ("t(8;21)", {"8": "q2", "21": "q2"}), ("t(15;17)", {"15": "q2", "17": "q"}),
    ("t(9;22)", {"9": "q34", "22": "q11"}),
)  # fmt: skip


@dataclass(frozen=True)
class Event:
    """An event of one clone.

    Parameters
    ----------
    name
        As people say it: ``del(5q)``, ``-7``, ``t(9;11)``, ``der(17)t(5;17)``.
    key
        What makes it the same event in another clone: the name with its bands.
    kind
        ``gain`` or ``loss`` of a chromosome, the symbol of a structural event (``del``, ``t``,
        ``der``, ``mar``), ``ploidy``, or ``variant`` (what people are born with).
    chromosomes
        That take part, in the order written.
    bands
        Breakpoints of each, as far as they were written.
    copies
        How often; the most where a range is given, as the counts of markers go over cells.
    sign
        ``+`` for what is there besides the normal chromosomes.
    uncertain
        Whether a question mark doubts the event itself, not only a band.
    constitutional
        Whether marked ``c``.
    cells
        Of a composite karyotype, where the event has a count of its own.
    """

    name: str
    key: str
    kind: str
    chromosomes: tuple[str, ...] = ()
    bands: tuple[str, ...] = ()
    copies: int = 1
    sign: str = ""
    uncertain: bool = False
    constitutional: bool = False
    cells: int | None = None

    def __hash__(self) -> int:
        return hash(self.key)

    @property
    def structural(self) -> bool:
        """Whether it is a structural abnormality; double minutes are not chromosomes."""
        return self.kind not in {"gain", "loss", "ploidy", "variant", "dmin", "ace"}


def read_events(token: str) -> tuple[Event, ...] | None:
    """The events of a token; None if it cannot be read.

    Most tokens are one event; where a comma was forgotten they are several.
    """
    return _read(token.strip(" ."))


def forget_tokens() -> None:
    """Keep nothing of the tokens that were read: they may be words of somebody's report."""
    _read.cache_clear()


@lru_cache(maxsize=4096)
def _read(token: str) -> tuple[Event, ...] | None:
    uncertain = token.startswith(("?", "(?)")) or token[1:2] == "?"
    text = _DOUBT.sub("", token)
    text = _DOUBT_BEHIND_SIGN.sub("", text).strip()
    text += ")" * (text.count("(") - text.count(")"))
    alternatives = _OR.split(text, maxsplit=1)
    if len(alternatives) == 2:
        text, uncertain = alternatives[0], True
    if text.endswith("?") and not text.endswith("(?"):
        text, uncertain = text.rstrip("? "), True
    found = _plain(text) or _pieces(text)
    if found is None:
        found = _joined(text)
    if found is None:
        return None
    return tuple(replace(event, uncertain=True) for event in found) if uncertain else tuple(found)


def _joined(text: str) -> list[Event] | None:
    """Events between which a comma was forgotten: ``-7+mar``, ``+8-7``."""
    depth, cuts = 0, [0]
    for place, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if place and not depth and _JOINED.match(text, place):
            cuts.append(place)
    if len(cuts) == 1:
        return None
    found: list[Event] = []
    for start, end in zip(cuts, [*cuts[1:], len(text)], strict=True):
        read = _plain(text[start:end]) or _pieces(text[start:end])
        if read is None:
            return None
        found += read
    return found


def ploidy_event(level: int) -> Event:
    """The gain of whole sets of chromosomes, which counts once."""
    name = {3: "triploidy", 4: "tetraploidy"}.get(level, "polyploidy")
    return Event(name, "ploidy", "ploidy")


def _plain(text: str) -> list[Event] | None:
    """Events without brackets: +8, -7, 5q-, +2mar, trisomy 8, 9qh+."""
    constitutional = text.endswith("c") and len(text) > 1 and not text.endswith("ac")
    body = text[:-1] if constitutional else text
    event = _counted(body) or _armed(body) or _thing(body)
    if level := _LEVEL.fullmatch(body):
        event = ploidy_event(int(level[1]))
    if event is None and _VARIANT.fullmatch(body):
        event = Event(body, body, "variant")
    if event is None and (match := _BARE.fullmatch(body)):
        op, chromosome, arm = match.groups()
        event = _single(_WORDS.get(op, op), chromosome, arm or "", "")
    if event is None:
        return None
    return [replace(event, constitutional=True) if constitutional else event]


def _counted(text: str) -> Event | None:
    if match := _NUMERIC.fullmatch(text):
        sign, before, chromosome, after = match.groups()
        if before and chromosome.isdigit() and int(chromosome) <= _MOST_COPIES:
            before, chromosome, after = None, before, chromosome  # ISCN: the number stands behind
        return _numeric(sign, chromosome, int(before or after or 1))
    if match := _SUFFIXED.fullmatch(text):
        return _numeric(match[2], match[1], 1)
    if match := _WORDED.fullmatch(text):
        word, chromosome, arm = match.groups()
        gained = word[:2] in {"tr", "pl", "ga"}
        if arm:
            return _gained_arm(chromosome, arm) if gained else _single("del", chromosome, arm, "")
        if word.startswith("del") and chromosome not in "xy":
            return _single("del", chromosome, "", "")
        return _numeric("+" if gained else "-", chromosome, 1)
    return None


def _armed(text: str) -> Event | None:
    match = _ARM.fullmatch(text)
    if match is None:
        return None
    sign, chromosome, arm = (
        (match[1], match[2], match[3]) if match[1] else (match[6], match[4], match[5])
    )
    return _single("del", chromosome, arm, "") if sign == "-" else _gained_arm(chromosome, arm)


def _gained_arm(chromosome: str, arm: str) -> Event:
    name = f"+{chromosome.upper()}{arm}"
    return Event(name, name, "dup", (chromosome.upper(),), (arm,))


def _thing(text: str) -> Event | None:
    """Markers, rings and double minutes."""
    match = _OBJECT.fullmatch(text)
    if match is None:
        return None
    sign, low, high, word, number, last, times = match.groups()
    kind = {"m": "mar", "marker": "mar", "min": "mar", "frag": "mar", "dmins": "dmin",
            "dm": "dmin"}.get(word, word)  # fmt: skip
    name = kind if kind in {"dmin", "hsr", "ace"} else f"{'-' if sign == '-' else '+'}{kind}"
    copies = min(int(high or low or last or times or 1), 40)
    # dmin come in any number: they count once.
    return Event(
        name, f"{kind}{number}", kind, copies=1 if kind in {"dmin", "ace"} else copies,
        sign=sign or "+",
    )  # fmt: skip


def _numeric(sign: str, chromosome: str, copies: int) -> Event:
    name = f"{sign}{chromosome.upper()}"
    kind = "gain" if sign == "+" else "loss"
    return Event(name, name, kind, (chromosome.upper(),), copies=copies, sign=sign)


def _pieces(text: str) -> list[Event] | None:
    """Events with brackets, one after another; parts of a derivative belong to it."""
    match = _BEFORE_PIECES.match(text)
    sign, times, late = match.groups() if match else ("", None, "")
    at, copies = (match.end() if match else 0), int(times or 1)
    pieces: list[tuple[str, str, str]] = []
    constitutional = False
    while at < len(text):
        piece = _PIECE.match(text, at)
        if piece is None:
            end = _END.match(text, at)
            stop = end.end() if end else at
            rest = text[at:stop]
            if stop == at:
                return None
            if "x" in rest:
                copies = int(re.sub(r"\D", "", rest) or 1)
            constitutional = constitutional or any(
                w in rest for w in ("c", "mat", "pat", "dn", "inh")
            )
            at = stop
            continue
        op, args, bands = piece[1], piece[2], piece[3]
        clean = _BANDS.fullmatch(bands.strip()) if bands else None
        if bands and clean is None:
            # What follows the chromosome is no breakpoint: c, x2, a sign.
            at = piece.end() - len(bands)
            bands = ""
        else:
            at = piece.end()
            bands = clean[1] if clean else ""
            if bands.endswith("c") and not bands.endswith("cen"):
                bands, constitutional = bands[:-1], True
        pieces.append((_WORDS.get(op, op), args, bands))
    if not pieces:
        return None
    made = _made(pieces)
    if made is None:
        return None
    before = "+" if "+" in (sign, late) else sign
    return [
        replace(
            event,
            name=before + event.name,
            key=before + event.key,
            sign=before,
            copies=max(1, min(copies, 20)),
            constitutional=constitutional,
        )
        for event in made
    ]


def _made(pieces: list[tuple[str, str, str]]) -> list[Event] | None:
    """Events from their parts."""
    op, args = pieces[0][:2]
    if op in {"der", "ider", "rec"} or (op in {"dic", "idic", "i", "r"} and len(pieces) > 1):
        chromosomes = _chromosomes(args)
        if chromosomes is None:
            return None
        parts = "".join(_part(*piece) for piece in pieces[1:])
        name = f"{op}({';'.join(chromosomes)}){parts}"
        key = name + "".join(f"({p[2]})" for p in pieces).replace("?", "")
        places = _places(pieces, chromosomes)
        return [Event(name, key, "der", tuple(c for c, _ in places), tuple(b for _, b in places))]
    events = []
    for symbol, where, breaks in pieces:
        event = _event(symbol, where, breaks)
        if event is None:
            return None
        events.append(event)
    return events


def _places(pieces: list[tuple[str, str, str]], own: tuple[str, ...]) -> list[tuple[str, str]]:
    """Chromosomes and breakpoints of a derivative, its own first; of one exchange at most."""
    args, bands = own, pieces[0][2]
    if not bands and len(pieces) == 2 and pieces[1][0] == "t":
        args, bands = _chromosomes(pieces[1][1]) or own, pieces[1][2]
    breaks = bands.split(";") if ";" in bands else bands.split(",")
    if len(breaks) != len(args) or own[0] not in args:
        return [(chromosome, "") for chromosome in own]
    return sorted(zip(args, breaks, strict=True), key=lambda place: place[0] != own[0])


def _part(op: str, args: str, bands: str) -> str:
    event = _event(op, args, bands)
    return event.name if event else f"{op}({args})"


def _event(op: str, args: str, bands: str) -> Event | None:
    match = _OF_ARMS.fullmatch(args)
    if match:  # del(5q), del(5q13q33), i(17q)
        return _single(op, match[1], match[2] + match[3], "")
    chromosomes = _chromosomes(args)
    if chromosomes is None:
        return None
    if len(chromosomes) == 1:
        return _single(op, chromosomes[0].lower(), bands, bands)
    order = list(chromosomes)
    breaks = tuple(bands.split(";")) if ";" in bands else ()
    if op == "t" and len(order) == 2:
        places = sorted(range(2), key=lambda i: _rank(order[i]))
        order = [order[i] for i in places]
        breaks = tuple(breaks[i] for i in places) if len(breaks) == 2 else breaks
    name = f"{op}({';'.join(order)})"
    if op == "t" and len(order) > 2 and len(breaks) == len(order):
        at = dict(zip(order, breaks, strict=True))
        for fusion, places_of in _VARIANT_FUSIONS:
            if all(at.get(c, "").startswith(band) for c, band in places_of.items()):
                name = fusion
    return Event(name, f"{name}({bands.replace('?', '')})", op, tuple(order), breaks)


def _single(op: str, chromosome: str, bands: str, key: str) -> Event:
    """An event of one chromosome, named by the arm if there is one arm in it."""
    arms = {sign for sign in _TERMINI.sub("", bands) if sign in "pq"}
    where = chromosome.upper()
    armed = op in {"del", "add", "dup", "trp", "i", "abn", "upd", "amp", "qdp"}
    name = f"{op}({where}{min(arms)})" if armed and len(arms) == 1 else f"{op}({where})"
    kind = "dup" if op in {"trp", "qdp", "amp"} else op
    exact = re.sub(r"[?; ]", "", key)
    # Bands that are not named make no other event of the same name.
    key = f"{name}({exact})" if re.search(r"\d", exact) else name
    return Event(name, key, kind, (where,), (bands,) if bands else ())


def _chromosomes(args: str) -> tuple[str, ...] | None:
    """The chromosomes in a bracket, in capitals; ``?`` and ``mar`` for what is not known."""
    found = []
    for raw in re.split(r"[;,:/]", args.strip(" ;,")):
        part = raw.strip(" ?") or "?"
        if part in {"?", "mar", "v"} or re.fullmatch(_CHROMOSOME, part):
            found.append(part if part == "mar" else part.upper())
        elif match := re.fullmatch(rf"({_CHROMOSOME})[pq][\d.]{{0,6}}", part):
            found.append(match[1].upper())
        else:
            return None
    return tuple(found) if found else None


def _rank(chromosome: str) -> tuple[int, int]:
    """Sex chromosomes first, then by number, as ISCN orders translocations."""
    if chromosome.isdigit():
        return (1, int(chromosome))
    return (0, "XY".find(chromosome)) if chromosome in "XY" else (2, 0)
