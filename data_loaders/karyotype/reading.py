"""A karyotype's text read: clones, what they inherit, what is clonal, what follows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from data_loaders.karyotype._clones import Line, inherit, settle
from data_loaders.karyotype.events import Event, read_events
from data_loaders.karyotype.record import Clone, Karyotype, Problem
from data_loaders.karyotype.rules import COMPLEX, ipssr_group, is_complex, is_monosomal
from data_loaders.karyotype.tokens import (
    LONGEST,
    NO_HEAD,
    Head,
    clones_of,
    head_of,
    tidied,
    tokens_of,
    without_cells,
)

_FAILED = re.compile(
    r"(?:no|not|non|kein\w{0,2}|nicht|nessun\w?|pas|sans|aucune?|sin)\b.{0,80}|"
    r"(?:fail|echec|échec|fall|fehl|insuff|unsuff|unsuc|unknown|unbek|inconnu|missing|pending|"
    r"ausst|culture|poor|unk|nd|na|n/a|n\. ?d|n\. ?a|none|null|nan)(?:\W.{0,80}|\w{0,15}.{0,60})?|"
    r"[-?.]{1,3}"
)
_NORMAL = re.compile(
    r"n|nk|nl|nml|cn|normale?[rs]?|norm(?:al)?\.?(?: (?:male|female|karyotype|karyotyp|cariotipo|"
    r"caryotype|diploid))?|(?:normale?r? )?(?:karyotyp[e]?|cariotipo|caryotype) normale?|diploid|"
    r"unauff[aä]llig|normaler (?:m[aä]nnlicher |weiblicher )?karyotyp|regul[aä]r"
)
_COMPLEX = re.compile(r"(?:>|>=|≥|more than )? ?\d? ?(?:complex|komplex|abnormal)\w{0,3}.{0,80}")
_MORE_THAN = re.compile(r"(?:>|more than ?)\s?3 ?(?:abn|abb|ab)|(?:>=|≥)\s?[45] ?(?:abn|abb|ab)")
# Words beside the bands: mutations, changes of single cells, syndromes of the sex chromosomes.
_REMARK = re.compile(
    r"[a-z0-9 /+-]{2,60}mutat[a-z]{0,4}|"
    r"(?:einzel(?:zell)?|single(?: cell)?|non-?clonal|nicht ?klonale?) ?"
    r"(?:aberr|abnorm)[a-z]{0,8}(?:\(\d{1,2}\))?"
)
_SYNDROME = re.compile(r"\W?(?:klinefelter|turner)(?:\W?s?\W?syndrom[a-z]?)?")
_INHERITS = re.compile(r"(idem|sl|sdl ?\d{0,2})(?:x(\d))?")
_MOST_PROBLEMS = 20
_NOT_UNDERSTOOD = "not understood"


def parse_karyotype(text: str | None, sex: str | None = None) -> Karyotype:
    """Read a karyotype in the nomenclature of ISCN, as reports and tables write it.

    Small letters, spaces, forgotten commas and brackets, ``*2`` and ``x2``, ranges, ``idem``,
    ``sl`` and ``sdl``, ``cp``, markers and question marks are understood. FISH, arrays and PCR are
    set apart. Events in a single metaphase (for losses: in two) are no clone.

    Parameters
    ----------
    text
        The karyotype; None or an empty text is a karyotype that was not done.
    sex
        ``male`` or ``female`` if known: it says which chromosome ``45,X`` has lost.

    Returns
    -------
    Karyotype
        With ``problems`` for what could not be read; never raises for a text.

    References
    ----------
    ISCN 2020 (clones: chapter 11). Counting: Chun 2010, Leuk Res 34:160. Monosomal: Breems 2008,
    J Clin Oncol 26:4791. IPSS-R: Schanz 2012, J Clin Oncol 30:820; Greenberg 2012, Blood 120:2454.
    """
    original = "" if text is None else str(text)
    if len(original) > LONGEST:
        reason = f"longer than {LONGEST:,} characters"
        return Karyotype(original, problems=(Problem(original[:30], reason),))
    body, apart = tidied(original)
    if not body or _FAILED.fullmatch(body.split("/")[0].strip()):
        return Karyotype(original, apart=apart, failed=True)
    if _NORMAL.fullmatch(body):
        return _finished(original, apart, [Line(NO_HEAD)])
    if _MORE_THAN.match(body):
        problem = Problem(body, "says how many abnormalities, not which")
        return _without_events(original, 4, "very poor", problem, apart)
    if body.startswith("//"):
        problem = Problem(body[:80], "only cells of a donor")
        return Karyotype(original, problems=(problem,), apart=apart)
    lines = _lines(body, sex)
    if lines is None:
        if _COMPLEX.fullmatch(body):
            problem = Problem(body, "says that it is complex, not how")
            return _without_events(original, 3, None, problem, apart)
        return Karyotype(original, problems=(Problem(body[:80], "not a karyotype"),), apart=apart)
    return _finished(original, apart, lines)


def _without_events(
    original: str, n: int, group: str | None, problem: Problem, apart: str
) -> Karyotype:
    """A karyotype that says how many abnormalities there are at least, but not which."""
    return Karyotype(
        text=original, n_abnormalities=n, complex=n >= COMPLEX, ipssr_group=group,
        problems=(problem,), apart=apart, incomplete=True,
    )  # fmt: skip


def _lines(body: str, patient: str | None) -> list[Line] | None:
    """The clones of a text; None if it is no karyotype."""
    lines: list[Line] = []
    recipient = body.partition("//")[0]
    for part in clones_of(recipient):
        if not part:
            continue
        found = head_of(part)
        if found is None and lines and re.match(r"(?:idem|sl|sdl)", part):
            found = NO_HEAD, part
        if found is None:
            if lines:
                lines[-1].unread.append(Problem(part[:80], "not a clone"))
                continue
            return _listed_events(body)
        lines.append(_line(*found))
    if not lines:
        return None
    inherit(lines)
    for line in lines:
        settle(line, lines, patient)
    return lines


def _listed_events(body: str) -> list[Line] | None:
    """A text that only names events, such as ``del(5q), +8`` or ``trisomy 8``."""
    line = Line(NO_HEAD)
    first = re.split(r"[/]", body)[0] if "(" not in body else body
    for token in tokens_of(
        re.sub(r"(?<=[)\dpqy+-]) ?(?:and|und|e|et|&) ?(?=[+\-a-z\d])", ",", first)
    ):
        token = re.sub(r" ?(?:isolat[a-z]{0,2}|isoliert|alone|only|sole)$", "", token)  # noqa: PLW2901
        if not _read_token(token, line):
            return None
    return [line] if line.events else None


def _line(head: Head, rest: str) -> Line:
    line = Line(head)
    tokens = tokens_of(rest)
    for token in tokens:
        line.own_cells = {} if token is tokens[-1] and "cp" not in token else line.own_cells
        _read_token(token, line)
    return line


def _read_token(token: str, line: Line) -> bool:
    """Add what a token says to the clone; whether it was read."""
    token, cells, composite, counted = without_cells(token)
    inherits = _INHERITS.match(token)
    if inherits:
        line.inherits, line.times = inherits[1].replace(" ", ""), int(inherits[2] or 1)
        token = token[inherits.end() :].strip()
    if re.fullmatch(r"\(?(?:nl|normal)[^()]{0,20}\)?", token):  # normal cells
        return True
    events: Sequence[Event] | None = []
    if token and not _beside_events(token, line):
        events = read_events(token)
        if events is None:
            events = _by_words(token)
    if events is None:
        line.unread.append(Problem(token[:80], _NOT_UNDERSTOOD))
        events = []
    for event in events:
        single = replace(event, copies=1) if event.copies > 1 else event
        line.events[single] += event.copies
        if counted and cells is not None:
            line.own_cells[single] = cells
    if counted:
        # In a composite karyotype each event may have its own count before that of the clone.
        line.cells, line.composite = cells, composite or line.composite
    return not line.unread


def _beside_events(token: str, line: Line) -> bool:
    """Whether a token is no event but says something of the clone, which is noted."""
    if token in {"inc", "incomplete"}:
        line.incomplete = True
    elif _SYNDROME.fullmatch(token):
        line.head = replace(line.head, constitutional=True)
    elif re.fullmatch(r"x\d", token) and line.events:
        # "del(7)(q22),*2": the number stands behind a comma.
        line.events[next(reversed(line.events))] *= int(token[1])
    else:
        return _REMARK.fullmatch(token) is not None
    return True


def _by_words(token: str) -> Sequence[Event] | None:
    """A token in which spaces stand for commas, or stand where none belongs."""
    if " " not in token:
        return None
    events = read_events(token.replace(" ", ""))
    if events is not None:
        return events
    found: list[Event] = []
    for word in token.split(" ")[:40]:
        read = read_events(word)
        if read is None:
            return None
        found += read
    return found


def _finished(original: str, apart: str, lines: list[Line]) -> Karyotype:
    _join_bandless(lines)
    counts, few, constitutional, uncertain = _clonal(lines)
    clonal = {event.key for event in counts}
    by_clone = [
        {e: _number(e, n) for e, n in line.events.items() if e.key in clonal and _acquired(e)}
        for line in lines
    ]
    single = _in_one_cell(lines)
    few += tuple(problem.token for problem in single)
    problems = [p for line in lines for p in line.unread if p not in single][:_MOST_PROBLEMS]
    unread = len({problem.token for problem in problems})
    more = any(line.incomplete for line in lines)
    n = sum(counts.values())
    diploid = {
        event: count
        for event, count in counts.items()
        if event.kind != "loss" or any(event in line.events for line in lines if line.ploidy == 2)
    }
    return Karyotype(
        text=original,
        events=tuple(dict.fromkeys(event.name for event in counts)),
        clones=tuple(
            Clone(
                line.head.modal, line.head.sex, tuple(e.name for e in line.events.elements()),
                line.cells, line.composite, line.inherits, line.ploidy,
            )
            for line in lines
        ),
        n_abnormalities=n,
        complex=is_complex(n, unread, more=more),
        monosomal=is_monosomal(diploid, unsure=bool(unread) or more),
        ipssr_group=ipssr_group(by_clone, n, unread, more=more),
        problems=tuple(problems),
        not_clonal=few,
        uncertain=uncertain,
        constitutional=constitutional,
        apart=apart,
        incomplete=more,
    )  # fmt: skip


def _in_one_cell(lines: Iterable[Line]) -> list[Problem]:
    """What was not read of a single cell alone: whatever it is, it is not clonal."""
    seen: dict[Problem, list[int | None]] = {}
    for line in lines:
        for problem in line.unread:
            seen.setdefault(problem, []).append(None if line.composite else line.cells)
    return [p for p, cells in seen.items() if cells == [1] and p.reason == _NOT_UNDERSTOOD]


def _join_bandless(lines: Iterable[Line]) -> None:
    """``del(5)(q?)`` of one clone is the ``del(5)(q13q33)`` of another."""
    exact = {e.name: e for line in lines for e in line.events if e.key != e.name and e.structural}
    for line in lines:
        for event in [e for e in line.events if e.key == e.name and e.name in exact]:
            line.events[exact[event.name]] += line.events.pop(event)


def _acquired(event: Event) -> bool:
    return not event.constitutional and event.kind != "variant"


def _number(event: Event, n: int) -> int:
    """How often an abnormality counts; there is one Y to lose."""
    return 1 if event.name == "-Y" else n


def _clonal(
    lines: Iterable[Line],
) -> tuple[dict[Event, int], tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Clonal events with their number, names of those in too few cells, constitutional, uncertain.

    ISCN: the same structural change or gain in two cells, the same loss in three. Where cells were
    not counted, whoever wrote the karyotype has judged.
    """
    first: dict[str, Event] = {}
    most: Counter[str] = Counter()
    cells: dict[str, int | None] = {}
    sure: set[str] = set()
    born: list[str] = []
    for line in lines:
        for event, n in line.events.items():
            if not _acquired(event):
                born.append(event.name)
                continue
            first.setdefault(event.key, event)
            most[event.key] = max(most[event.key], _number(event, n))
            before = cells.get(event.key, 0)
            here = line.cells
            if line.composite:
                # What a composite karyotype lists was seen in enough cells, unless counted apart.
                here = line.own_cells.get(event, max(here or 0, 3))
            cells[event.key] = None if here is None or before is None else before + here
            if not event.uncertain:
                sure.add(event.key)
    counts, few, uncertain = {}, [], []
    for key, event in first.items():
        seen = cells[key]
        if seen is not None and seen < (3 if event.kind == "loss" else 2):
            few.append(event.name)
            continue
        counts[event] = most[key]
        if key not in sure:
            uncertain.append(event.name)
    names = {event.name for event in counts}
    return (
        counts,
        tuple(dict.fromkeys(name for name in few if name not in names)),
        tuple(dict.fromkeys(born)),
        tuple(dict.fromkeys(uncertain)),
    )
