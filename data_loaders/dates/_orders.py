"""Which comes first in the dates of a file, day or month: decided from all of them, or asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from data_loaders.arrays import Bools, Ints
from data_loaders.dates.entries import ORDERS, Entries, Order
from data_loaders.dates.formats import SLASHES
from data_loaders.model import Issue
from data_loaders.wording import listed, plural, shown

# So many days, all within the first twelve of their month, are no chance (0.39 to this power).
_PROVEN_TURNED, _ASKED_TURNED = 8, 3
_ANSWER = (
    'write the dates like 2019-03-31 or state in a mapping "date_format": "day first" or "month '
    'first"'
)


@dataclass
class Decision:
    """What was decided about the columns of dates of one file.

    Parameters
    ----------
    entries
        By name of the column; what Excel had turned is turned back.
    orders
        By name; None where each entry proves its own, or none is in question.
    kept
        Columns in question, which stay as they are.
    """

    entries: dict[str, Entries]
    orders: dict[str, Order | None]
    kept: set[str] = field(default_factory=set)
    issues: list[Issue] = field(default_factory=list)


def decided(
    entries: Mapping[str, Entries], stated: Mapping[str, Order | None], rows: Ints
) -> Decision:
    """Decide the order of day and month in each column.

    A column's order is that of all columns if their dates prove one. Where they prove both, a
    column keeps the order that enough of its own rows prove, and is asked about otherwise.

    Parameters
    ----------
    entries
        The columns of dates by name.
    stated
        By name, what a mapping says of the order.
    """
    made = Decision(dict(entries), dict(stated))
    free = {name: parts for name, parts in entries.items() if stated[name] is None}
    _turn_back(made, free, rows)
    orders = {name: [own] if (own := stated[name]) else e.orders for name, e in entries.items()}
    proven = {order for own in orders.values() for order in own}
    in_doubt = []
    for name, parts in free.items():
        if name in made.kept or not parts.open.any():
            continue
        if len(proven) == 1:
            made.orders[name] = next(iter(proven))
        elif len(parts.orders) == 2 or not proven:
            made.issues.append(_ask(parts, rows))
            made.kept.add(name)
        elif parts.own_order:
            made.orders[name] = parts.own_order
        else:
            in_doubt.append(name)
    witnesses = {name: parts for name, parts in free.items() if parts.orders}
    if in_doubt:
        made.issues.append(_contradiction(entries, in_doubt, rows))
        made.kept |= set(in_doubt)
    elif len({order for parts in witnesses.values() for order in parts.orders}) == 2 and not any(
        parts.open.any() for parts in witnesses.values() if len(parts.orders) == 2
    ):
        made.issues.append(_both_orders(witnesses, rows))
    return made


def _ask(parts: Entries, rows: Ints) -> Issue:
    column = parts.column
    if len(parts.orders) == 2:
        first, second = (_cell(parts, parts.proofs(order), rows) for order in parts.orders)
        what = (
            f"holds dates with the day first ({first}) and others with the month first ({second}), "
            f"so that those which could be either cannot be told apart"
        )
    else:
        what = "holds dates such as 3/4/2019, and no value tells whether day or month comes first"
    return Issue.at(
        "warning",
        f"{shown(column.name)} {what} ({_cell(parts, parts.open, rows)}); it was kept as text: "
        f"{_ANSWER}.",
        _rows_of(parts, parts.open, rows),
        column.name,
        "date_order",
        count=parts.rows(parts.first > 0),
    )


def _contradiction(entries: Mapping[str, Entries], names: Sequence[str], rows: Ints) -> Issue:
    """The question where columns of one file prove different orders."""
    day, month = (_witness(entries, order, rows) for order in ORDERS)
    few = entries[names[0]]
    return Issue.at(
        "warning",
        f"The dates of the file contradict each other: {day} can only have the day first, {month} "
        f"only the month first, so that {_cell(few, few.open, rows)} in {shown(names[0])} may be "
        f"either; {listed(list(names), limit=6)} {'was' if len(names) == 1 else 'were'} kept as "
        f"text and no time is counted: {_ANSWER}, or correct the cell.",
        _rows_of(few, few.open, rows),
        names[0],
        "date_order",
        count=sum(entries[name].rows(entries[name].open) for name in names),
    )


def _both_orders(entries: Mapping[str, Entries], rows: Ints) -> Issue:
    """What is said where columns differ in their order, each proven by its own dates."""
    day, month = (_witness(entries, order, rows) for order in ORDERS)
    return Issue(
        "warning",
        f"Some dates of the file have the day first ({day}) and others the month first "
        f"({month}); each was read by what its own or its column's dates prove, check them.",
        code="date_orders",
    )


def _witness(entries: Mapping[str, Entries], order: Order, rows: Ints) -> str:
    name = next(name for name, parts in entries.items() if parts.proofs(order).any())
    return f"{_cell(entries[name], entries[name].proofs(order), rows)} in {shown(name)}"


def _cell(parts: Entries, marked: Bools, rows: Ints) -> str:
    hits = _rows_of(parts, marked, rows)
    return f"{shown(parts.column.texts[int(np.flatnonzero(marked)[0])])}, row {hits[0]}"


def _rows_of(parts: Entries, marked: Bools, rows: Ints) -> list[int]:
    first = np.zeros(len(marked), dtype=bool)
    first[np.flatnonzero(marked)[0]] = True
    begin: list[int] = rows[parts.column.rows_holding(first)].tolist()
    rest: list[int] = rows[parts.column.rows_holding(marked & ~first)].tolist()
    return [*begin, *rest]


def _turn_back(made: Decision, free: Mapping[str, Entries], rows: Ints) -> None:
    """Turn back what Excel turned, in all columns together, or ask."""
    turned = {name: parts for name, parts in free.items() if parts.turned.any()}
    size = sum(parts.rows(parts.turned) for parts in turned.values())
    if size < _ASKED_TURNED:
        return
    name, parts = next(iter(turned.items()))
    differing = parts.turned & (parts.turned_back().dates != parts.dates)
    shown_first = differing if differing.any() else parts.turned
    place = int(np.flatnonzero(shown_first)[0])
    hits = _rows_of(parts, shown_first, rows)
    text = _cell(parts, np.equal(parts.formats, SLASHES).astype(bool), rows)
    words = (
        f"In {listed(list(turned), limit=6)} all {plural(size, 'cell')} written like 2019-03-31 "
        "lie within the first twelve days of a month, and all that are text beyond them "
        f"({text})"
    )
    if size < _PROVEN_TURNED:
        words += (
            ", as if Excel had exchanged day and month, but they are too few to prove it; "
            f"{'it was' if len(turned) == 1 else 'they were'} kept as text: {_ANSWER}."
        )
        made.kept |= set(turned)
        made.issues.append(Issue.at("warning", words, hits, name, "date_order", size))
        return
    made.entries.update({one: own.turned_back() for one, own in turned.items()})
    right = made.entries[name].dates[place].astype("datetime64[D]")
    taken = ("day", "month") if parts.orders[0] == "day first" else ("month", "day")
    words += (
        f": Excel took the {taken[0]} for the {taken[1]} where it could. Day and month were "
        f"exchanged back: {shown(parts.column.texts[place])} in row {hits[0]} is {right}."
    )
    made.issues.append(Issue.at("warning", words, hits, name, "dates_turned", size))
