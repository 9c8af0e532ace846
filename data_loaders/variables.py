"""What an ordinary column holds: its kind, unit, label and values, each with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_loaders.columns import UNKNOWN_WORDS, Floats, TextColumn, relabelled
from data_loaders.model import Issue, Variable, VariableKind, VariableRole
from data_loaders.vocabulary import (
    UNRANKED,
    Term,
    human_label,
    nominal_order,
    order_of,
    parse_name,
    term_of,
)
from data_loaders.wording import at_rows, plural, shown

MAX_CATEGORIES = 40
_MOSTLY_NUMBERS = 0.8
_ENOUGH_NUMBERS = 0.5  # where the name already says that it is a number
_FEW_CLASSES = 8
_EXAMPLE_ROWS = 5


@dataclass(frozen=True, eq=False)
class ReadColumn:
    """An ordinary column, understood.

    Parameters
    ----------
    variable
        Its entry in the data dictionary.
    cells
        One a patient: float (numeric and binary), datetime (date) or text with None.
    rank
        Its place among the variables, smaller first.
    issues
        What was assumed or lost.
    leftover
        Entries that are not numbers in a column of numbers, None elsewhere; None if there are none.
    """

    variable: Variable
    cells: npt.NDArray[Any]
    rank: int
    issues: tuple[Issue, ...] = ()
    leftover: npt.NDArray[np.object_] | None = None


def read_column(
    column: TextColumn, rows: npt.NDArray[np.int64], stated: Mapping[str, Any] | None = None
) -> ReadColumn:
    """Understand a column from its name and its values; ``stated`` by the user overrides.

    Parameters
    ----------
    column
        As it stands in the file.
    rows
        Position of each row in the file.
    stated
        Role, kind, unit, label, description, levels from a mapping.
    """
    stated = stated or {}
    term = term_of(column.name)
    if term and term.key == "sex":
        column, sex_issues = _sex(column)
    else:
        sex_issues = ()
    kind, why = _kind_of(column, term, cast("VariableKind | None", stated.get("kind")))
    issues: list[Issue] = [*sex_issues]
    unit: str | None = None
    leftover = None
    levels: tuple[str, ...] = ()
    values: npt.NDArray[Any]
    if kind == "numeric":
        values = column.spread(column.numbers)
        unit, unit_why, unit_issues = _unit_of(column.name, values, term, stated.get("unit"))
        why += unit_why
        issues += unit_issues
        leftover, lost = _leftover(column, rows)
        issues += lost
        issues += _implausible(column.name, values, rows, term, unit)
    elif kind == "binary":
        values = column.spread(column.answers)
    elif kind == "date":
        values = pd.to_datetime(pd.Series(column.objects()), errors="coerce").to_numpy()
    else:
        values = column.objects()
        unit = stated.get("unit")
    if kind in {"categorical", "ordinal"}:
        levels = stated.get("levels") or _levels(column)
        if stated.get("kind") is None and not stated.get("levels"):
            kind = "ordinal" if order_of(list(levels)) else "categorical"
    if not column.filled.any():
        issues.append(
            Issue("info", f"{shown(column.name)} is empty.", column.name, len(rows), (), "empty")
        )
    elif term is None and not stated and kind == "binary":
        issues.append(
            Issue(
                "info",
                f"{shown(column.name)} answers yes or no, but its name is neither that of a gene "
                "nor of a known variable; it was kept as a clinical variable.",
                column.name,
                code="unsure",
            )
        )
    role = stated.get("role") or (term.role if term else _role_of(kind))
    label = stated.get("label") or (term.label if term else human_label(column.name))
    variable = Variable(
        name=column.name,
        label=label,
        kind=kind,
        unit=unit,
        role=cast("VariableRole", role),
        description=stated.get("description") or "",
        levels=levels,
        reason=why if not stated else f"the mapping; {why}",
    )
    return ReadColumn(
        variable, values, term.rank if term else UNRANKED + 5, tuple(issues), leftover
    )


def leftover_column(read: ReadColumn) -> ReadColumn | None:
    """The entries of a numeric column that are not numbers, as a text column of their own."""
    if read.leftover is None:
        return None
    source = read.variable
    variable = Variable(
        name=f"{source.name}_text",
        label=f"{source.label}: entries that are not numbers",
        kind="text",
        role=source.role,
        reason=f"what {shown(source.name)} held besides numbers",
        source_column=source.name,
    )
    return ReadColumn(variable, read.leftover, read.rank)


def _kind_of(
    column: TextColumn, term: Term | None, stated: VariableKind | None
) -> tuple[VariableKind, str]:
    by_name = f"the name ({term.label})" if term else ""
    if stated:
        return stated, "as stated"
    if not column.filled.any():
        return (term.kind if term else "text"), by_name or "no values"
    if term and term.kind == "numeric" and column.share_numeric >= _ENOUGH_NUMBERS:
        return "numeric", by_name
    if term and term.kind in {"text", "identifier"}:
        return term.kind, by_name
    if term and term.kind in {"categorical", "ordinal"} and len(column.texts) <= MAX_CATEGORIES:
        return term.kind, by_name
    if column.is_binary:
        return "binary", f"{by_name} and values of yes and no".removeprefix(" and ")
    if column.is_dates:
        return "date", "values such as 2019-03-31"
    if column.share_numeric >= _MOSTLY_NUMBERS and not _few_classes(column):
        return "numeric", f"{by_name} and values that are numbers".removeprefix(" and ")
    if len(column.texts) <= MAX_CATEGORIES:
        return "categorical", f"{plural(len(column.texts), 'different value')}"
    return "text", f"{plural(len(column.texts), 'different value')}"


def _few_classes(column: TextColumn) -> bool:
    """Whether numbers and words together are classes, such as 0, 1 and "2 or more"."""
    if len(column.texts) > _FEW_CLASSES:
        return False
    return any(
        word not in UNKNOWN_WORDS
        for word, number in zip(column.words, column.numbers, strict=True)
        if np.isnan(number)
    )


def _role_of(kind: VariableKind) -> VariableRole:
    return "clinical" if kind == "binary" else "other"


def _levels(column: TextColumn) -> tuple[str, ...]:
    by_size = sorted(range(len(column.texts)), key=lambda i: (-column.counts[i], column.texts[i]))
    levels = [str(column.texts[i]) for i in by_size if column.counts[i]]
    return order_of(levels) or nominal_order(levels)


def _unit_of(
    name: str, values: Floats, term: Term | None, stated: str | None
) -> tuple[str | None, str, list[Issue]]:
    """The unit, why, and a warning where name and values disagree."""
    if stated:
        return stated, "", []
    named = parse_name(name).unit
    known = values[~np.isnan(values)]
    if term is None or not term.units or not len(known):
        return named or (term.units[0][0] if term and term.units else None), "", []
    share = {
        unit: float(((known >= low) & (known <= high)).mean()) for unit, low, high in term.units
    }
    best = _best_unit(known, term, share)
    if named is None:
        if len(term.units) == 1 or term.role != "laboratory":
            return best, f"; {best} as usual", []
        median = f"median {np.median(known):.4g}"
        guess = Issue(
            "info",
            f"{shown(name)} states no unit; {best} was assumed from its values ({median}).",
            name,
            code="unit_guess",
        )
        return best, f"; {best} from the values ({median})", [guess]
    usual = share.get(named)
    if usual is not None and usual < 0.5 and best != named and share[best] >= 0.8:
        return (
            named,
            f"; {named} from the name",
            [
                Issue(
                    "warning",
                    f"{shown(name)} is named in {named}, but its values (median "
                    f"{np.median(known):.4g}) look like {best}; check the unit.",
                    name,
                    len(known),
                    code="unit",
                )
            ],
        )
    return named, f"; {named} from the name", []


def _best_unit(known: Floats, term: Term, share: Mapping[str, float]) -> str:
    """The first unit, from the usual one on, in which the median is plausible."""
    median = np.median(known)
    fitting = (unit for unit, low, high in term.units if low <= median <= high)
    return next(fitting, max(share, key=lambda unit: share[unit]))


def _leftover(
    column: TextColumn, rows: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.object_] | None, list[Issue]]:
    not_number = column.rows_holding(np.isnan(column.numbers))
    if not not_number.any():
        return None, []
    hits = rows[not_number].tolist()
    unknown = np.array([word in UNKNOWN_WORDS for word in column.words], dtype=bool)
    issue = Issue(
        "warning",
        f"{shown(column.name)} holds numbers except in {plural(len(hits), 'row')} "
        f"({at_rows(hits)}), which count as missing.",
        column.name,
        len(hits),
        tuple(hits[:_EXAMPLE_ROWS]),
        "text_in_number",
    )
    informative = column.rows_holding(np.isnan(column.numbers) & ~unknown)
    if not informative.any():
        return None, [issue]
    cells = column.objects()
    cells[~informative] = None
    return cells, [issue]


def _implausible(
    name: str,
    values: Floats,
    rows: npt.NDArray[np.int64],
    term: Term | None,
    unit: str | None,
) -> list[Issue]:
    limits = {u: (low, high) for u, low, high in term.units} if term else {}
    if term is None or unit not in limits:
        return []
    low, high = limits[unit]
    outside = (values < low) | (values > high)
    known = np.count_nonzero(~np.isnan(values))
    # When most values are outside, the unit is in question, which another finding says.
    if not outside.any() or np.count_nonzero(outside) > known / 2:
        return []
    hits = rows[outside].tolist()
    return [
        Issue(
            "warning",
            f"{term.label}: {plural(len(hits), 'patient')} had a value outside {low:g} to {high:g} "
            f"{unit} ({at_rows(hits)}); the values are kept, check them.",
            name,
            len(hits),
            tuple(hits[:_EXAMPLE_ROWS]),
            "implausible",
        )
    ]


def _sex(column: TextColumn) -> tuple[TextColumn, tuple[Issue, ...]]:
    """Codes of sex in words; words stay as they are."""
    name = column.name.lower()
    codes = set(column.words)
    if codes and codes <= {"1", "2"}:
        words, what = {"1": "Male", "2": "Female"}, "1 = male, 2 = female (ISO/IEC 5218)"
    elif codes and codes <= {"0", "1"} and "female" in name:
        words, what = {"0": "Male", "1": "Female"}, "1 = female, from the name"
    elif codes and codes <= {"0", "1"} and "male" in name:
        words, what = {"0": "Female", "1": "Male"}, "1 = male, from the name"
    elif codes and codes <= {"0", "1"}:
        return column, (
            Issue(
                "warning",
                f"{shown(column.name)} is coded 0 and 1 without saying which is which; the codes "
                "are kept.",
                column.name,
                code="sex_coding",
            ),
        )
    else:
        return column, ()
    issue = Issue(
        "warning",
        f"{shown(column.name)} is coded in numbers; it was read as {what}.",
        column.name,
        code="sex_coding",
    )
    return relabelled(column, lambda text: words[text]), (issue,)
