"""How a file writes its numbers, decided once from all of its columns.

A mark with three digits behind it (``1,400``) is told by the other numbers of the file: ``9.1``
anywhere proves that points are decimal and commas are not. Where no cell proves anything, the
sizes of a column's numbers do: beside 320 and 760, ``1,400`` is fourteen hundred. Where neither
tells, or cells prove both, one question names the cells, and the columns in question stay text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_loaders.arrays import Bools, Floats, Ints
from data_loaders.files.columns import UNKNOWN_WORDS, TextColumn, as_word
from data_loaders.files.notation import (
    DECIMAL_MARKS,
    PERCENT,
    PLAIN,
    Cell,
    Mark,
    Notation,
    is_open_point,
)
from data_loaders.meaning.vocabulary import factor_between, fitting_unit, parse_name, term_of
from data_loaders.model import Issue
from data_loaders.wording import at_rows, listed, plural, shown

_MOSTLY = 0.5  # share of a column's filled rows that are numbers, however written
_OWN_UNIT_SHARE = 0.8
_FEW_CODES = 8  # so few whole numbers, bounds among them, are classes: 0, 1, 2, >=3
_FACTOR_APART = 1.5  # decades by which the sizes of numbers have to favour one reading
_LIKE_IN_SIZE = 5.0
_INERT = b"0123456789-+"
_NO_DIGIT = bytes(byte for byte in range(256) if byte not in b"0123456789")
_MARKS: tuple[Literal[".", ","], ...] = (".", ",")


@dataclass(frozen=True, eq=False)
class _Evidence:
    """What the entries of one column say; places are those of its entries.

    ``proofs`` and ``open`` hold, by mark, the entries that prove it the decimal mark and those in
    which it has three digits behind it.
    """

    column: TextColumn
    numbers: int
    proofs: Mapping[str, Sequence[int]]
    open: Mapping[str, Sequence[int]]
    cells: Mapping[int, Cell]
    whole: Floats
    is_number: Bools = field(repr=False)


def settled(
    columns: Mapping[str, TextColumn],
    rows: Ints,
    typed: Collection[str] = (),
    typed_cells: Mapping[str, Collection[str]] | None = None,
) -> tuple[dict[str, TextColumn], list[Issue]]:
    """The columns of a file, each with the notation of its numbers, and what was decided or asked.

    Parameters
    ----------
    typed
        Columns whose numbers were no text in the file, so that their points are decimal points.
    typed_cells
        By column, entries that stand for numbers which were no text: they prove nothing about how
        text is written.
    """
    found = {
        name: evidence
        for name, column in columns.items()
        if name not in typed
        and (evidence := _evidence(column, (typed_cells or {}).get(name, ()))) is not None
    }
    if not found:
        return dict(columns), []
    decided, issues = _marks(found, rows)
    result = dict(columns)
    for name, evidence in found.items():
        notation = replace(decided[name], bounds=_bounds_are_numbers(evidence, decided[name]))
        notation, unit_issues = _units(evidence, notation, rows)
        result[name] = columns[name].noted(notation)
        issues += [*_bound_issue(evidence, notation, rows), *unit_issues]
    return result, issues


def as_stated(
    columns: Mapping[str, TextColumn],
    stated: Mapping[str, Mapping[str, object]],
    issues: Sequence[Issue],
) -> tuple[dict[str, TextColumn], tuple[Issue, ...]]:
    """Columns with the decimal mark that a mapping states, and the findings without its question.

    Parameters
    ----------
    stated
        What the mapping says of columns; ``decimal_mark`` is looked at.
    """
    result = dict(columns)
    for name, column in columns.items():
        mark = DECIMAL_MARKS.get(str(stated.get(name, {}).get("decimal_mark")))
        if mark is not None:
            own = column.notation
            marks = _notation("," if mark == "," else ".")
            read = replace(own, comma=marks.comma, point=marks.point, open=False)
            result[name] = column.noted(read)
    left = any(c.notation.open and not c.notation.factors for c in result.values())
    return result, tuple(i for i in issues if left or i.code != "number_marks")


def _evidence(column: TextColumn, typed: Collection[str]) -> _Evidence | None:
    """None for a column without numbers, or with none but whole ones."""
    entries = column.entries
    content = entries.buffers()[2]
    if not len(entries) or content is None:
        return None
    written = content.to_pybytes()
    # Nothing but digits, or none at all: the usual column, told without a look at its entries.
    if not written.translate(None, _INERT) or written.translate(None, _NO_DIGIT) == b"":
        return None
    cells = column.written.cells
    is_number = column.written.plain.to_numpy(zero_copy_only=False).astype(bool)
    whole = is_number.copy()
    is_number[list(cells)] = True
    filled = int(column.counts.sum())
    for place in np.flatnonzero(~is_number)[: len(UNKNOWN_WORDS)]:
        if as_word(column.texts[place]) in UNKNOWN_WORDS:
            filled -= int(column.counts[place])
    numbers = int(column.counts[is_number].sum())
    if numbers < _MOSTLY * filled or not numbers:
        return None
    proofs: dict[str, list[int]] = {".": [], ",": []}
    unclear: dict[str, list[int]] = {".": [], ",": []}
    for place, cell in cells.items():
        if cell.shape in {".", ","} and not _is_typed(column, place, typed):
            proofs[cell.shape].append(place)
        elif cell.shape in {"1.", "1,"}:
            unclear[cell.shape[1]].append(place)
    whole_numbers = np.full(len(entries), np.nan)
    if b"." in written:
        three = is_open_point(entries).to_numpy(zero_copy_only=False).astype(bool)
        unclear["."] += np.flatnonzero(three).tolist()
        marked = pc.match_substring(entries, ".").to_numpy(zero_copy_only=False).astype(bool)
        pointed = marked & whole
        sure = np.flatnonzero(pointed & ~three).tolist()
        proofs["."] += [p for p in sure if not _is_typed(column, p, typed)] if typed else sure
        whole &= ~pointed
    values = pc.cast(pc.if_else(pa.array(whole), entries, None), pa.float64()).to_numpy(
        zero_copy_only=False
    )
    whole_numbers[whole] = values[whole]
    for place, cell in cells.items():
        if cell.shape == "":
            whole_numbers[place] = cell.value(replace(PLAIN, bounds=True))
    return _Evidence(column, numbers, proofs, unclear, cells, whole_numbers, is_number)


def _is_typed(column: TextColumn, place: int, typed: Collection[str]) -> bool:
    return bool(typed) and str(column.texts[place]) in typed


def _marks(found: Mapping[str, _Evidence], rows: Ints) -> tuple[dict[str, Notation], list[Issue]]:
    """What a comma and a point are in each column, from all of them."""
    proven = {mark: [name for name, e in found.items() if e.proofs[mark]] for mark in _MARKS}
    unclear = {name: e for name, e in found.items() if e.open["."] or e.open[","]}
    decided: dict[str, Notation] = dict.fromkeys(found, PLAIN)
    by_size = {name: _decimal_by_size(evidence) for name, evidence in unclear.items()}
    if len(proven["."]) and len(proven[","]):
        issues = _mixture(found, proven, unclear, rows)
        for name in unclear:
            decided[name] = replace(PLAIN, open=True)
        return decided, issues
    decimal = next((mark for mark in _MARKS if proven[mark]), None)
    sizes = {mark for mark in by_size.values() if mark is not None}
    how = f"{_cell(found[proven[decimal][0]], decimal, rows)} shows it" if decimal else ""
    if decimal is None and len(sizes) == 1:
        decimal = next(iter(sizes))
        how = "the sizes of the other numbers show it"
    issues = []
    open_names, said = [], []
    for name in unclear:
        mark = decimal or by_size[name]
        if mark is None:
            open_names.append(name)
            decided[name] = replace(PLAIN, open=True)
        else:
            decided[name] = _notation(mark)
            if (found[name].open[","] and mark == ".") or (found[name].open["."] and mark == ","):
                said.append(name)
    if said:
        issues.append(_said(found, said, decided, how or "the sizes of the numbers show it", rows))
    if open_names:
        issues.append(_question(found, open_names, rows))
    if decimal:
        decided = {n: d if n in unclear else _notation(decimal) for n, d in decided.items()}
    return decided, issues


def _notation(decimal: Literal[".", ","]) -> Notation:
    comma: Mark = "decimal" if decimal == "," else "thousands"
    point: Mark = "decimal" if decimal == "." else "thousands"
    return Notation(comma=comma, point=point)


def _decimal_by_size(evidence: _Evidence) -> Literal[".", ","] | None:
    """The decimal mark that makes the numbers of a column alike in size, if one clearly does."""
    whole = evidence.whole
    known = ~np.isnan(whole) & (whole > 0)
    if not known.any() or bool(evidence.open["."]) == bool(evidence.open[","]):
        return None
    mark: Literal[".", ","] = "." if evidence.open["."] else ","
    other: Literal[".", ","] = "," if mark == "." else "."
    usual = np.log10(np.median(np.repeat(whole[known], evidence.column.counts[known])))
    texts = [str(evidence.column.texts[place]) for place in evidence.open[mark]]
    cells = [evidence.cells.get(place) for place in evidence.open[mark]]
    bodies = [c.body if c is not None else t for c, t in zip(cells, texts, strict=True)]
    small = float(np.median(np.log10([abs(float(b.replace(mark, "."))) for b in bodies])))
    apart_small, apart_large = abs(small - usual), abs(small + 3 - usual)
    if abs(apart_small - apart_large) < _FACTOR_APART:
        return None
    return mark if apart_small < apart_large else other


def _cell(evidence: _Evidence, mark: str, rows: Ints) -> str:
    """The first cell that proves a mark: ``9.1 in hb, row 1``."""
    return _named(evidence, min(evidence.proofs[mark]), rows)


def _named(evidence: _Evidence, place: int, rows: Ints) -> str:
    first = int(rows[np.flatnonzero(evidence.column.codes == place)[0]])
    return f"{shown(evidence.column.texts[place])} in {shown(evidence.column.name)}, row {first}"


def _first_open(evidence: _Evidence) -> int:
    return min([*evidence.open["."], *evidence.open[","]])


def _open_rows(evidence: _Evidence, rows: Ints) -> list[int]:
    marked = np.zeros(len(evidence.column.texts), dtype=bool)
    marked[[*evidence.open["."], *evidence.open[","]]] = True
    hits: list[int] = rows[evidence.column.rows_holding(marked)].tolist()
    return hits


def _readings(evidence: _Evidence) -> str:
    place = _first_open(evidence)
    text = str(evidence.column.texts[place])
    cell = evidence.cells.get(place) or Cell("1.", text.lstrip("+"))
    small, large = (
        replace(cell, bound="").value(Notation(comma=mark, point=mark))
        for mark in ("decimal", "thousands")
    )
    return f"{small:g} or {large:,.0f}"


_ANSWER = (
    'write the numbers without a mark for thousands, or state in a mapping "decimal_mark": "point" '
    'or "comma" for the column'
)


def _question(found: Mapping[str, _Evidence], names: Sequence[str], rows: Ints) -> Issue:
    cells = [f"{_named(found[n], _first_open(found[n]), rows)}" for n in names]
    hits = _open_rows(found[names[0]], rows)
    return Issue.at(
        "warning",
        f"No number of the file tells whether its mark stands for decimals or for thousands, so "
        f"that {listed(cells, limit=4)} may be {_readings(found[names[0]])}; "
        f"{_kept(names)}: {_ANSWER}.",
        hits,
        names[0],
        "number_marks",
        count=sum(len(_open_rows(found[n], rows)) for n in names),
    )


def _mixture(
    found: Mapping[str, _Evidence],
    proven: Mapping[Literal[".", ","], Sequence[str]],
    unclear: Mapping[str, _Evidence],
    rows: Ints,
) -> list[Issue]:
    """The finding where some numbers have decimal points and others decimal commas."""
    point = _cell(found[proven["."][0]], ".", rows)
    comma = _cell(found[proven[","][0]], ",", rows)
    words = f"The file writes decimals with a point ({point}) and with a comma ({comma})"
    if not unclear:
        return [
            Issue(
                "warning",
                f"{words}; each number was read as it is written, check them.",
                proven[","][0],
                code="number_marks_mixed",
            )
        ]
    names = list(unclear)
    cells = [_named(found[n], _first_open(found[n]), rows) for n in names]
    hits = _open_rows(found[names[0]], rows)
    return [
        Issue.at(
            "warning",
            f"{words}, so that {listed(cells, limit=4)} may be {_readings(found[names[0]])}; "
            f"{_kept(names)}: {_ANSWER}.",
            hits,
            names[0],
            "number_marks",
            count=sum(len(_open_rows(found[n], rows)) for n in names),
        )
    ]


def _kept(names: Sequence[str]) -> str:
    return f"{listed(list(names), limit=6)} {'was' if len(names) == 1 else 'were'} kept as text"


def _said(
    found: Mapping[str, _Evidence],
    names: Sequence[str],
    decided: Mapping[str, Notation],
    how: str,
    rows: Ints,
) -> Issue:
    first = found[names[0]]
    place = _first_open(first)
    text = str(first.column.texts[place])
    cell = first.cells.get(place) or Cell("1.", text.lstrip("+"))
    mark = "comma" if first.open[","] and decided[names[0]].comma == "thousands" else "point"
    value = replace(cell, bound="").value(decided[names[0]])
    return Issue.at(
        "info",
        f"The {mark} in {listed(list(names), limit=6)} stands between thousands: "
        f"{_named(first, place, rows)}, is {value:.0f}; {how}.",
        _open_rows(first, rows),
        names[0],
        "thousands",
        count=sum(len(_open_rows(found[n], rows)) for n in names),
    )


def _bounds_are_numbers(evidence: _Evidence, notation: Notation) -> bool:
    """Whether ``>90`` is a number with a bound, and not a class such as ``>=3`` beside 0, 1, 2."""
    if not any(cell.bound for cell in evidence.cells.values()):
        return False
    factors = {cell.unit: 1.0 for cell in evidence.cells.values() if cell.unit}
    values = evidence.column.noted(replace(notation, factors=factors)).numbers
    others = np.unique(values[~np.isnan(values)])
    if len(others) > _FEW_CODES:
        return True
    measured = bool(len(others) and ((others % 1 != 0).any() or others.max() > _FEW_CODES))
    term = term_of(evidence.column.name)
    return measured and (len(others) >= 3 or (term is not None and term.kind == "numeric"))


def _bound_issue(evidence: _Evidence, notation: Notation, rows: Ints) -> list[Issue]:
    bounded = [p for p, cell in evidence.cells.items() if cell.bound]
    if not notation.bounds or notation.open:
        return []
    marked = np.zeros(len(evidence.column.texts), dtype=bool)
    marked[bounded] = True
    hits = rows[evidence.column.rows_holding(marked)].tolist()
    example = str(evidence.column.texts[bounded[0]])
    return [
        Issue.at(
            "warning",
            f"{shown(evidence.column.name)} holds bounds such as {shown(example)} in "
            f"{plural(len(hits), 'row')} ({at_rows(hits)}); each was read as the number of its "
            "bound.",
            hits,
            evidence.column.name,
            "bounds",
        )
    ]


def _units(evidence: _Evidence, notation: Notation, rows: Ints) -> tuple[Notation, list[Issue]]:
    """The unit that the cells of a column state, with what turns other units into it."""
    column = evidence.column
    sizes: Counter[str] = Counter()
    for place, cell in evidence.cells.items():
        if cell.unit is not None:
            sizes[cell.unit] += int(column.counts[place])
    if not sizes:
        return notation, []
    if set(sizes) == {PERCENT}:
        # What the numbers without a sign are is for whoever knows what the column measures.
        return replace(notation, unit=PERCENT), []
    usual = _usual_unit(column.name)
    if usual is not None and len(sizes) == 1:
        (written,) = sizes
        usual = written if fitting_unit(written, term_of(column.name)) == usual else usual
    unsigned = evidence.numbers - sizes.total()
    own = [unit for unit in sizes if factor_between(unit, unit) is None]
    if own and (len(sizes) > 1 or sizes.total() < _OWN_UNIT_SHARE * evidence.numbers):
        # Words behind a few numbers ("2 or more") are no unit.
        return notation, []
    target = usual or max(sizes, key=lambda unit: sizes[unit])
    factors = {unit: factor_between(unit, target) for unit in sizes}
    if own:
        (target,) = own
        factors = {target: 1.0}
    known = {unit: factor for unit, factor in factors.items() if factor is not None}
    read = replace(notation, unit=fitting_unit(target, term_of(column.name)), factors=known)
    if len(known) < len(sizes):
        return replace(notation, open=True), [_unit_question(evidence, sizes, target, rows)]
    if unsigned and usual is None and not _alike(evidence, read, sizes.total() < unsigned):
        return replace(notation, open=True), [_unit_question(evidence, sizes, None, rows)]
    converted = [unit for unit in sizes if known[unit] != 1]
    words = f"{shown(column.name)} states the unit in its cells ({listed(list(sizes))})"
    if converted:
        words += f"; {listed(converted)} was turned into {target}"
    if unsigned:
        words += f"; {plural(unsigned, 'number')} without a unit counts as {target}"
    return read, [Issue("info", f"{words}.", column.name, sizes.total(), code="cell_units")]


def _usual_unit(name: str) -> str | None:
    """The unit of a number without one: the name's, or that of every column of its kind."""
    named = parse_name(name).unit
    term = term_of(name)
    if named or term is None or not term.units or term.role == "laboratory":
        return named
    return term.units[0][0] or None


def _alike(evidence: _Evidence, notation: Notation, few: bool) -> bool:
    """Whether numbers with and without a unit are of one size, most of them with one."""
    values = evidence.column.noted(replace(notation, bounds=True)).numbers
    signed = np.zeros(len(values), dtype=bool)
    signed[[place for place, cell in evidence.cells.items() if cell.unit]] = True
    medians = [
        float(np.median(np.repeat(values[part], evidence.column.counts[part])))
        for part in (signed & (values > 0), ~signed & (values > 0))
        if part.any()
    ]
    if few or len(medians) < 2:
        return not few
    ratio = medians[0] / medians[1]
    return 1 / _LIKE_IN_SIZE <= ratio <= _LIKE_IN_SIZE


def _unit_question(
    evidence: _Evidence,
    sizes: Mapping[str, int],
    target: str | None,
    rows: Ints,
) -> Issue:
    column = evidence.column
    examples = {
        cell.unit: place for place, cell in reversed(list(evidence.cells.items())) if cell.unit
    }
    cells = [_named(evidence, examples[unit], rows) for unit in sizes]
    if target is None:
        signed = set(examples.values()) | {p for p, cell in evidence.cells.items() if cell.unit}
        plain = next(p for p in np.flatnonzero(evidence.is_number) if p not in signed)
        cells.append(f"{_named(evidence, int(plain), rows)}, without a unit")
    elif target not in sizes:
        cells.append(f"the name says {target}")
    return Issue(
        "warning",
        f"{shown(column.name)} holds numbers in several units that cannot be turned into one "
        f"({'; '.join(cells)}); it was kept as text: write all of them in one unit.",
        column.name,
        sum(sizes.values()),
        code="mixed_units",
    )
