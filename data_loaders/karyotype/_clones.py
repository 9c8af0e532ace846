"""Clones while they are read: what they inherit, what their numbers mean."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from data_loaders.karyotype.events import Event, ploidy_event
from data_loaders.karyotype.record import SEX_UNCLEAR, Problem
from data_loaders.karyotype.tokens import Head

_SMALLEST_TRIPLOID, _SMALLEST_TETRAPLOID, _SMALLEST_PENTAPLOID = 58, 81, 104
_MOST_COPIES = 40
_KEEPS_NUMBER = frozenset({"del", "add", "inv", "t", "dup", "ins"})
_REPLACES = frozenset({"der", "del", "add", "i", "r", "dic", "dup", "inv", "ins", "idic"})


@dataclass
class Line:
    """A clone while it is read; ``own_cells`` are counts of single events, as ``cp`` may give."""

    head: Head
    inherits: str = ""
    times: int = 1
    events: Counter[Event] = field(default_factory=Counter)
    cells: int | None = None
    composite: bool = False
    ploidy: int = 2
    own_cells: dict[Event, int] = field(default_factory=dict)
    unread: list[Problem] = field(default_factory=list)
    incomplete: bool = False


def inherit(lines: list[Line]) -> None:
    """Give each clone the events of the line it comes from; a minus takes one of them away.

    The stemline is the first; where that one itself says ``idem``, the first that does not.
    """
    stem = lines[0]
    if stem.inherits:
        stem = next((line for line in lines if line.events and not line.inherits), stem)
    for place, line in enumerate(lines):
        if not line.inherits or line is stem:
            continue
        base = stem
        if line.inherits.startswith("sdl") and place:
            number = int(line.inherits[3:] or 1)
            base = lines[min(number, place - 1)]
        have = Counter({e: min(n * line.times, _MOST_COPIES) for e, n in base.events.items()})
        for event, n in line.events.items():
            opposite = _taken_away(event, have)
            if event.structural and not event.sign and event in have:
                continue  # written again although idem says it
            if opposite is None:
                have[event] += n
            else:
                have[opposite] -= n
        line.events = Counter({event: n for event, n in have.items() if n > 0})
        line.incomplete = line.incomplete or base.incomplete
        line.head = replace(
            line.head,
            sex=line.head.sex or base.head.sex,
            ploidy=line.head.ploidy or base.head.ploidy,
            constitutional=line.head.constitutional or base.head.constitutional,
        )
        if line.times > 1:
            line.events[ploidy_event(2 * line.times)] += 1


def _taken_away(event: Event, have: Counter[Event]) -> Event | None:
    """The inherited event that this one undoes: ``-8`` after ``+8``."""
    if event.kind in {"gain", "loss"}:
        other = ("-" if event.sign == "+" else "+") + event.name[1:]
        return next((e for e in have if e.name == other and have[e] > 0), None)
    if event.sign == "-":
        plain = event.name.lstrip("+-")
        return next((e for e in have if e.name.lstrip("+-") == plain and have[e] > 0), None)
    return None


def settle(line: Line, lines: list[Line], patient: str | None) -> None:
    """Losses that are none, the sex chromosome that is not there, the level of ploidy."""
    for event in list(line.events):
        # Before ISCN 1991, "-7,+der(7)" said that der(7) stands in the place of a 7.
        if event.sign == "+" and event.kind in _REPLACES and event.chromosomes:
            lost = next(
                (
                    e
                    for e in line.events
                    if e.kind == "loss" and e.chromosomes == event.chromosomes[:1]
                ),
                None,
            )
            if lost is not None:
                n = min(line.events[lost], line.events[event])
                plain = replace(event, sign="", name=event.name.lstrip("+"))
                for old in (lost, event):
                    line.events[old] -= n
                line.events[plain] += n
                line.events += Counter()
    line.ploidy = _ploidy(line)
    if line.ploidy > 2 and not any(e.kind == "ploidy" for e in line.events):
        line.events[ploidy_event(line.ploidy)] += 1
    if line.head.sex == "X" and line.ploidy == 2 and not line.head.constitutional:
        _missing_sex(line, lines, patient)
    _check_number(line)


def _ploidy(line: Line) -> int:
    """Sets of chromosomes: as stated, otherwise what number and changes make likely."""
    if line.head.ploidy:
        return max(2, line.head.ploidy)
    if line.head.modal is None:
        return 2
    modal = sum(line.head.modal) / 2
    level = (
        2 if modal < _SMALLEST_TRIPLOID
        else 3 if modal < _SMALLEST_TETRAPLOID
        else 4 if modal < _SMALLEST_PENTAPLOID
        else round(modal / 23)
    )  # fmt: skip
    net = sum(n * {"gain": 1, "loss": -1}.get(e.kind, 0) for e, n in line.events.items())
    return 2 if abs(46 + net - modal) <= abs(23 * level + net - modal) else level


def _check_number(line: Line) -> None:
    """Say so if a clone has another number of chromosomes than what is written makes."""
    modal, sex = line.head.modal, line.head.sex
    plain = all(not e.sign and e.kind in _KEEPS_NUMBER for e in line.events)
    # "46,X,t(X;14)": the sex chromosome that takes part stands in the event.
    parts = sum(bool(set(e.chromosomes) & set("XY")) for e in line.events)
    if modal is None or not sex or "?" in sex or line.ploidy != 2 or not plain or line.unread:
        return
    if line.incomplete or (modal[0] <= 44 + len(sex) + parts and 44 + len(sex) <= modal[1]):
        return
    reason = "chromosomes, but no gain or loss is written that explains it"
    line.unread.append(Problem(str(modal[0]), reason))


def _missing_sex(line: Line, lines: list[Line], patient: str | None) -> None:
    """``45,X`` beside ``46,XY`` has lost the Y; alone it does not say which one."""
    if any(set("XY") & set(e.chromosomes) for e in line.events):
        return
    others = {other.head.sex for other in lines} - {"X", ""}
    lost = "-Y" if any("Y" in sex for sex in others) else "-X" if others else ""
    if not others and line.head.modal is not None and line.head.modal[0] <= 45:
        lost = {"male": "-Y", "female": "-X"}.get((patient or "").lower(), "")
    if lost:
        line.events[Event(lost, lost, "loss", (lost[1],), sign="-")] += 1
    elif line.head.modal is not None and line.head.modal[0] <= 45:
        line.unread.append(SEX_UNCLEAR)
