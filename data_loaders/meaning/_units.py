"""The unit of a numeric column, and whether its values fit it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from data_loaders.arrays import Bools, Floats, Ints
from data_loaders.files.columns import TextColumn, relabelled
from data_loaders.files.notation import PERCENT, Notation, read_cell
from data_loaders.meaning.vocabulary import Term, parse_name
from data_loaders.model import Issue
from data_loaders.wording import at_rows, plural, shown

_FEWEST_SHARES = 4  # different percentages below 1
_FEWEST_IN_A_SCALE = 2
_LIKE_A_THOUSAND = 0.7  # decades
_ENOUGH_NUMBERS = 0.5  # beside so many plain ones an entry such as 80-95 is no class
_RANGE = re.compile(r"(.*[^\s-])(?:\s*[-–—−]\s*| (?:to|bis) )(\d.*)", re.IGNORECASE)


def unit_of(
    name: str, values: Floats, term: Term | None, in_cells: str | None = None
) -> tuple[str | None, str, list[Issue]]:
    """The unit of a column, why, and a finding where it was guessed or is contradicted.

    Parameters
    ----------
    name
        Column name, which may state the unit.
    values
        One number a patient, NaN where missing.
    term
        The variable that the column holds, with the units it occurs in and their plausible ranges;
        None if it is not known.
    in_cells
        The unit that the column's cells state.

    Returns
    -------
    unit
        None if there is none.
    why
        A clause for the reason of the variable, empty if there is nothing to say.
    issues
        At most one finding.
    """
    named, where = parse_name(name).unit, "name"
    if in_cells is not None and named is None:
        named, where = in_cells, "cells"
    known = values[~np.isnan(values)]
    if term is None or not term.units or not len(known):
        usual = term.units[0][0] if term and term.units else None
        return named or usual or None, "", []
    share = {
        unit: float(((known >= low) & (known <= high)).mean()) for unit, low, high in term.units
    }
    best = _best_unit(known, term, share)
    median = f"median {np.median(known):.4g}"
    if named is not None:
        fits = named not in share or named == best or share[named] >= 0.5 or share[best] < 0.8
        warning = Issue(
            "warning",
            f"{shown(name)} is {'named' if where == 'name' else 'written'} in {named}, but its "
            f"values ({median}) look like {best}; "
            "check the unit.",
            name,
            len(known),
            code="unit",
        )
        return named, f"; {named} from the {where}", [] if fits else [warning]
    usual = term.units[0][0]
    if len(term.units) > 1 and term.role != "laboratory" and best != usual:
        words = (
            f"{shown(name)} states no unit and its values ({median}) cannot be {usual}; {best} was "
            f"assumed, check that it is not something else{_births(known)}."
        )
        issue = Issue("warning", words, name, len(known), code="unit_guess")
        return best, f"; {best} from the values ({median})", [issue]
    if len(term.units) == 1 or term.role != "laboratory":
        return best or None, f"; {best} as usual" if best else "", []
    guess = Issue(
        "info",
        f"{shown(name)} states no unit; {best} was assumed from its values ({median}).",
        name,
        code="unit_guess",
    )
    return best, f"; {best} from the values ({median})", [guess]


def _births(known: Floats) -> str:
    calendar = bool(((known >= 1850) & (known < 2100) & (known % 1 == 0)).all())
    return ", such as the year of birth" if calendar else ""


def implausible(
    name: str, values: Floats, rows: Ints, term: Term | None, unit: str | None
) -> list[Issue]:
    """A finding where values lie outside what is possible in the unit, or in two or another one.

    Parameters
    ----------
    name, values, term
        As for :func:`unit_of`.
    unit
        What the values were taken to be in.
    """
    limits = {u or None: (low, high) for u, low, high in term.units} if term else {}
    low, high = limits.get(unit, (-np.inf, np.inf))
    outside = (values < low) | (values > high)
    known = int(np.count_nonzero(~np.isnan(values)))
    label = term.label if term else shown(name)
    if unit == "%" and not outside.any() and _like_shares(values):
        hits = rows[(values > 0) & (values < 1)].tolist()
        words = (
            f"{label}: no value is above 1 ({at_rows(hits)}), so that these may be shares instead "
            "of per cent; they are kept as per cent, check them."
        )
    elif outside.any():
        hits = rows[outside].tolist()
        most = "; is it what the name says, in this unit?" if len(hits) > known / 2 else ""
        words = (
            f"{label}: {plural(len(hits), 'patient')} had a value outside {low:g} to {high:g}"
            f"{' ' + unit if unit else ''} ({at_rows(hits)}); the values are kept, check "
            f"them{most or '.'}"
        )
    elif term is not None and (apart := _two_scales(values, term)) is not None:
        hits = rows[apart].tolist()
        words = (
            f"{label} is in two scales a thousand apart, {plural(len(hits), 'value')} in the other "
            f"({at_rows(hits)}); all were taken as {unit}: write all of them in one unit."
        )
    else:
        return []
    return [Issue.at("warning", words, hits, name, "implausible")]


def _like_shares(values: Floats) -> bool:
    """Whether percentages look like shares of one: nearly all between 0 and 1, none above."""
    known = values[~np.isnan(values)]
    inside = known[(known > 0) & (known < 1)]
    return bool(
        len(np.unique(inside)) >= _FEWEST_SHARES
        and known.max() <= 1
        and 2 * len(inside) > len(known)
    )


def _two_scales(values: Floats, term: Term) -> Bools | None:
    """The smaller part of values that lie in two units of their variable; None if they do not.

    White cells of 5.4 and of 5,400: nothing lies between, and a thousand brings them together.
    """
    units = {unit for unit, _, _ in term.units}
    if not {"10⁹/L", "/µL"} <= units:
        return None
    logs = np.log10(np.sort(values[values > 0]))
    if len(logs) < 2 * _FEWEST_IN_A_SCALE:
        return None
    cut = int(np.argmax(np.diff(logs))) + 1
    small, large = logs[:cut], logs[cut:]
    apart = float(np.median(large) - np.median(small))
    if min(len(small), len(large)) < _FEWEST_IN_A_SCALE or large[0] - small[-1] < 1:
        return None
    if abs(apart - 3) > _LIKE_A_THOUSAND:
        return None
    upper = values > 10 ** ((small[-1] + large[0]) / 2)
    fewer: Bools = upper if len(large) < len(small) else ~upper & (values > 0)
    return fewer


def _best_unit(known: Floats, term: Term, share: Mapping[str, float]) -> str:
    """The first unit, from the usual one on, in which the median is plausible."""
    median = np.median(known)
    fitting = (unit for unit, low, high in term.units if low <= median <= high)
    return next(fitting, max(share, key=lambda unit: share[unit]))


def signs_of_percent(column: TextColumn, rows: Ints) -> tuple[TextColumn, list[Issue]]:
    """A column of which some numbers bear a per cent sign: the others are per cent or in question.

    Beside 43% a plain 0.43 may be the same share or less than half a per cent.

    Parameters
    ----------
    column
        As it stands in the file, some of its entries with the sign.
    """
    numbers, signed = column.numbers, column.percent & ~np.isnan(column.numbers)
    plain = ~signed & ~np.isnan(numbers)
    if not plain.any() or not signed.any():
        return column, []
    fractions = plain & (numbers > 0) & (numbers < 1)
    shares = fractions.any() and bool((numbers[plain] <= 1).all())
    in_question = shares and float(np.median(numbers[signed])) > 1
    size = int(column.counts[plain].sum())
    entry = int(np.flatnonzero(fractions if in_question else plain)[0])
    one, other = (
        f"{shown(column.texts[place])}, row {rows[np.flatnonzero(column.codes == place)[0]]}"
        for place in (int(np.flatnonzero(signed)[0]), entry)
    )
    if not in_question:
        words = (
            f"{shown(column.name)} bears a per cent sign in some rows ({one}) and none in "
            f"{plural(size, 'row')} ({other}); all were read as per cent."
        )
        return column, [Issue("info", words, column.name, size, code="percent_signs")]
    words = (
        f"{shown(column.name)} holds per cent ({one}) and numbers without the sign that may be "
        f"shares ({other}, is {numbers[entry]:g}% or {100 * numbers[entry]:g}%); it was kept as "
        "text: write all of them in one way."
    )
    kept = replace(column, notation=replace(column.notation, open=True))
    return kept, [Issue("warning", words, column.name, size, code="percent_signs")]


def middles_of_ranges(
    column: TextColumn, rows: Ints, term: Term | None
) -> tuple[TextColumn, Bools, list[Issue]]:
    """A measurement of which some entries are ranges: each is read as its middle, and said to be.

    A pathologist writes 80-95% for a Ki-67 that nobody counted. Where most entries are ranges they
    are classes, and remain so; of what is counted rather than measured there is no middle.

    Returns
    -------
    The column, which of its entries were ranges, and the finding.
    """
    none = np.zeros(len(column.texts), dtype=bool)
    unit = term.units[0][0] if term is not None and term.kind == "numeric" and term.units else ""
    if not unit or column.share_numeric < _ENOUGH_NUMBERS or column.notation.open:
        return column, none, []
    middles = {
        str(text): middle
        for text, number in zip(column.texts, column.numbers, strict=True)
        if np.isnan(number) and (middle := _middle(str(text), column.notation)) is not None
    }
    ranged = np.array([text in middles for text in column.texts], dtype=bool)
    if not ranged.any():
        return column, none, []
    hits = rows[column.rows_holding(ranged)].tolist()
    words = (
        f"{shown(column.name)} holds ranges such as {shown(next(iter(middles)))} in "
        f"{plural(len(hits), 'row')} ({at_rows(hits)}); each was read as the middle of its range."
    )
    issue = Issue.at("warning", words, hits, column.name, "ranges")
    return relabelled(column, lambda text: middles.get(text, text)), ranged, [issue]


def _middle(text: str, notation: Notation) -> str | None:
    """The middle of a range, written so that every notation reads it alike; None if it is none."""
    match = _RANGE.fullmatch(text)
    ends = [read_cell(end.strip()) for end in match.groups()] if match else []
    low, high = ends if len(ends) == 2 else (None, None)
    if low is None or high is None or low.bound or high.bound:
        return None
    signs = {low.unit, high.unit} - {None, notation.unit}
    least, most = low.value(notation), high.value(notation)
    if signs - {PERCENT} or not least < most:
        return None
    return f"{(least + most) / 2:.4f}{PERCENT if signs else ''}"
