"""What an ordinary column holds: its kind, unit, label and values, each with the reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from data_loaders.arrays import Bools, Ints, Texts
from data_loaders.dates.columns import DateColumn
from data_loaders.dates.entries import NOT_A_DATE
from data_loaders.endpoints.date_pairs import date_label
from data_loaders.endpoints.find import MONTHS_PER
from data_loaders.files.columns import UNKNOWN_WORDS, TextColumn, relabelled
from data_loaders.meaning._levels import named_levels, names_all, order_for
from data_loaders.meaning._units import implausible, middles_of_ranges, signs_of_percent, unit_of
from data_loaders.meaning.folding import folded_sex, folded_spellings
from data_loaders.meaning.spelling import folded
from data_loaders.meaning.unknown_codes import without_codes
from data_loaders.meaning.vocabulary import (
    UNRANKED,
    Term,
    human_label,
    nominal_order,
    order_of,
    parse_name,
    term_of,
    without_unit,
)
from data_loaders.meaning.vocabulary import term as term_called
from data_loaders.model import CohortError, Issue, Variable, VariableKind, VariableRole
from data_loaders.wording import at_rows, listed, mid_sentence, plural, shown

MAX_CATEGORIES = 40
MAX_CENTRES = 500  # centres and studies are categories however many there are
_MOSTLY_NUMBERS = 0.8
_ENOUGH_NUMBERS = 0.5  # where the name already says that it is a number
# Clusters 1 to 5 are no amounts.
_NOMINAL = re.compile(r"(?:cluster|subtype|subgroup|class|arm)$", re.IGNORECASE)
_FEW_CLASSES = 8
# Times of treatments and remission are kept in months, as all times are.
_TIMES_TO = {
    "time_to_transplant": "transplant_months", "time_to_treatment": "treatment_months",
    "time_to_remission": "cr_months",
}  # fmt: skip
# What a name means where the column holds numbers.
_LDH_RATIO, _LARGEST_MULTIPLE = "ldh_ratio", 60
_IGHV = "ighv"
_MEASURED = {
    _IGHV: _IGHV, "b2m": "b2m", "ldh_high": _LDH_RATIO, _LDH_RATIO: _LDH_RATIO
}  # fmt: skip
# Under such a name the classes say what is meant: a stage or a response.
_LUGANO = re.compile(r"lugano(?: 2014| classification| criteria)?")
_FEWEST_OF_A_MEASURE = 4  # different numbers; fewer are codes of classes
_NOT_FOUND = frozenset(
    {"undetectable", "undetected", "not detected", "not detectable", "negative", "neg",
     "nicht nachweisbar", "non rilevabile", "indétectable", "indetectable"}
)  # fmt: skip
# A spleen is measured below the costal margin: 0 cm where it is not felt.
_NOT_FELT = frozenset(
    {"not palpable", "non palpable", "non-palpable", "impalpable", "not enlarged", "np", "n.p.",
     "nicht palpabel", "nicht tastbar", "nicht vergrössert", "nicht vergrößert", "unauffällig",
     "non palpabile", "no palpable"}
)  # fmt: skip
_HALF, _LEAST_IDENTITY = 0.5, 50
_WHOLE = re.compile(r"[-+]?\d{1,15}(\.0*)?")
_CELLS = {"date": "dates"}


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
    leftover
        Entries that are not numbers in a column of numbers (or not dates in one of dates), None
        elsewhere; None if there are none.
    unsure
        Whether the column answers yes or no to a question that its name does not tell.
    key
        Of the vocabulary's variable that it holds; empty if it is none of them.
    """

    variable: Variable
    cells: npt.NDArray[Any]
    rank: int
    issues: tuple[Issue, ...] = ()
    leftover: Texts | None = None
    unsure: bool = False
    key: str = ""


def read_column(
    column: TextColumn,
    rows: Ints,
    stated: Mapping[str, Any] | None = None,
    dates: DateColumn | None = None,
) -> ReadColumn:
    """Understand a column from its name and its values; ``stated`` by the user overrides.

    Parameters
    ----------
    stated
        Role, kind, unit, label, description, levels from a mapping.
    dates
        The column as dates, if that is what it holds.
    """
    stated = stated or {}
    term = term_held(column)
    raw = column
    column, coded, issues = _known(column, rows, term, free="kind" not in stated and dates is None)
    entered, asked_for = column, dates is None and stated.get("kind") in {None, "numeric"}
    column, ranged, found = middles_of_ranges(column, rows, term if asked_for else None)
    issues = [*issues, *found]
    if column.percent.any() and not stated.get("kind"):
        column, mixture = signs_of_percent(column, rows)
        issues = [*issues, *mixture]
    kind, why = _kind_of(column, term, cast("VariableKind | None", stated.get("kind")), dates)
    issues = [*issues, *_no_numbers(column, rows, term, kind if why != "as stated" else "")]
    if kind in {"categorical", "ordinal"}:
        column, found = _classes(column, None if stated.get("levels") else term)
        issues += found
    unit, leftover = stated.get("unit"), None
    if kind == "numeric":
        cells: npt.NDArray[Any] = column.spread(column.numbers)
        if unit is None:
            unit, unit_why, unit_issues = unit_of(column.name, cells, term, column.notation.unit)
            why += unit_why
            issues += unit_issues
        leftover, lost = _leftover(column, rows)
        leftover = _with_entries(leftover, raw, coded & ~np.isnan(raw.numbers))
        leftover = _with_entries(leftover, entered, ranged)
        asked = any(issue.code == "unit" for issue in issues)
        issues += [*lost, *(implausible(column.name, cells, rows, term, unit) if not asked else ())]
    elif kind == "binary":
        cells = column.spread(column.answers)
    elif kind == "date":
        cells = np.full(len(column), NOT_A_DATE) if dates is None else dates.cells
        if dates is not None and dates.unread.any():
            leftover = column.objects()
            leftover[~dates.unread] = None
    else:
        cells = column.objects()
    levels: tuple[str, ...] = ()
    if kind in {"categorical", "ordinal"}:
        levels = stated.get("levels") or order_for(term, _own(column)) or _levels(column)
        if not (stated.get("kind") or stated.get("levels")):
            ordered = order_of(list(levels)) or order_for(term, levels)
            kind = "ordinal" if ordered else "categorical"
    unsure = kind == "binary" and term is None and not stated and bool(len(column.texts))
    variable = Variable(
        name=column.name,
        label=stated.get("label") or _label(column.name, term, kind),
        kind=kind,
        unit=unit,
        role=cast("VariableRole", stated.get("role") or (term.role if term else _role_of(kind))),
        description=stated.get("description") or "",
        levels=levels,
        reason=_with_stated(why, stated),
    )
    if term and term.key in _TIMES_TO and unit in {"days", "weeks", "years"}:
        cells = cells * MONTHS_PER[str(unit)]
        variable = replace(
            variable,
            name=_TIMES_TO[term.key],
            unit="months",
            description=variable.description or f"Converted from {unit}.",
            source_column=column.name,
        )
    rank = term.rank if term else UNRANKED
    key = term.key if term else ""
    return ReadColumn(variable, cells, rank, tuple(issues), leftover, unsure, key)


def _known(
    column: TextColumn, rows: Ints, term: Term | None, *, free: bool
) -> tuple[TextColumn, Bools, list[Issue]]:
    """The column without codes of "unknown", unless its kind is stated; sexes in one spelling."""
    coded, issues = np.zeros(len(column.texts), dtype=bool), list[Issue]()
    if free:
        column, coded, issues = without_codes(column, rows, term)
    if term and term.key == "sex":
        column, found = folded_sex(column)
        issues += found
    elif free and term and (zero := _zero_words(term)):
        column, found = _nothing_found(column, *zero)
        issues += found
    elif free:
        column, found = named_levels(column, term)
        issues += found
        if term is None and _is_lugano(column) and column.share_numeric == 1:
            words = (
                f"{shown(column.name)} may be a stage or a response, which its numbers do not "
                "tell; it was kept as it is: name it Lugano stage or Lugano response."
            )
            issues.append(Issue("warning", words, column.name, code="spellings"))
    return column, coded, issues


def term_held(column: TextColumn) -> Term | None:
    """The variable that a column holds, by its name and by whether it measures or classifies.

    A percentage under the name of the IGHV status is the identity with the germline, or 100 less
    that where it is below a half; B2M is a gene where it answers yes and no, but beta-2
    microglobulin where it holds amounts; Lugano is a stage or a response.
    """
    known = term_of(column.name)
    if known is None and _is_lugano(column):
        either = map(term_called, ("ann_arbor", "response"))
        return next((term for term in either if names_all(column, term)), None)
    measured = _MEASURED.get(known.key if known else folded(column.name).strip(" _.-"))
    if measured is None or column.answers_only or column.share_numeric < _MOSTLY_NUMBERS:
        return known
    if measured == _IGHV:
        return _ighv_measured(column) or known
    if measured == _LDH_RATIO and float(np.nanmedian(column.numbers)) > _LARGEST_MULTIPLE:
        measured = "ldh_limit"  # "LDH ULN" may be the limit itself
    return term_called(measured)


def _zero_words(term: Term) -> tuple[frozenset[str], str] | None:
    """Words that are 0 of a measurement, and that 0 with its unit; None if there are none."""
    if term.key.startswith("bcr_abl"):
        return _NOT_FOUND, "0%"
    return (_NOT_FELT, "0 cm") if term.key == "spleen_size" else None


def _nothing_found(
    column: TextColumn, nothing: frozenset[str], zero: str
) -> tuple[TextColumn, list[Issue]]:
    """What was looked for and not found is 0, which is no missing value."""
    found = [t for t, word in zip(column.texts, column.words, strict=True) if word in nothing]
    if not found or not (~np.isnan(column.numbers)).any():
        return column, []
    words = f"{shown(column.name)}: {listed(found)} was read as {zero}."
    issue = Issue("info", words, column.name, len(found), code="spellings")
    return relabelled(column, lambda text: "0" if text in found else text), [issue]


def _is_lugano(column: TextColumn) -> bool:
    plain = re.sub(r"[\W_]+", " ", folded(column.name)).strip()
    return _LUGANO.fullmatch(plain) is not None


def _ighv_measured(column: TextColumn) -> Term | None:
    """Identity with the germline or difference from it: no rearranged gene is half another."""
    numbers = column.numbers[~np.isnan(column.numbers)]
    whole = bool((numbers % 1 == 0).all())
    if whole and len(np.unique(numbers)) < _FEWEST_OF_A_MEASURE and numbers.max() < _LEAST_IDENTITY:
        return None
    scale = 1.0 if numbers.max() <= 1 else 100.0
    return term_called("ighv_identity" if np.median(numbers) >= _HALF * scale else "ighv_mutation")


def _classes(column: TextColumn, term: Term | None) -> tuple[TextColumn, list[Issue]]:
    """A column of classes, each under one name."""
    if _whole_numbers(column):
        # A column with gaps often comes as 2.0; the class is called 2.
        return relabelled(column, lambda text: f"{float(text):.0f}"), []
    return folded_spellings(column, term)


def _with_entries(leftover: Texts | None, column: TextColumn, entries: Bools) -> Texts | None:
    """What is no number, with entries that were read as another or as none: nothing is lost."""
    held = column.rows_holding(entries)
    if not held.any():
        return leftover
    cells = np.full(len(column), None, dtype=object) if leftover is None else leftover
    cells[held] = column.objects()[held]
    return cells


def leftover_column(read: ReadColumn) -> ReadColumn | None:
    """The entries of a numeric column that are not numbers, as a text column of their own."""
    if read.leftover is None:
        return None
    source = read.variable
    variable = Variable(
        name=f"{source.name}_text",
        label=f"Other entries: {mid_sentence(source.label)}",
        kind="text",
        role=source.role,
        reason=f"what {shown(source.name)} held besides {_CELLS.get(source.kind, 'numbers')}",
        source_column=source.name,
    )
    return ReadColumn(variable, read.leftover, read.rank)


def _kind_of(
    column: TextColumn,
    term: Term | None,
    stated: VariableKind | None,
    dates: DateColumn | None,
) -> tuple[VariableKind, str]:
    by_name = f"the name ({term.label})" if term else ""
    if stated:
        _check_stated(column, stated, dates)
        return stated, "as stated"
    if not column.filled.any():
        return (term.kind if term else "text"), by_name or "no values"
    if dates is not None and (term is None or term.kind == "numeric"):
        return "date", dates.how
    if term and term.kind == "numeric" and column.share_numeric >= _ENOUGH_NUMBERS:
        return "numeric", by_name
    if term and term.kind in {"text", "identifier"}:
        return term.kind, by_name
    if term and term.kind in {"categorical", "ordinal"}:
        classes = term.key in {"sex", "ighv"}
        yes_no = term.kind == "categorical" and not classes and column.is_binary
        limit = MAX_CENTRES if term.role == "study" else MAX_CATEGORIES
        if not yes_no and len(column.texts) <= limit:
            return term.kind, by_name
    if column.is_binary:
        return "binary", f"{by_name} and values of yes and no".removeprefix(" and ")
    if dates is not None:
        return "date", dates.how
    if column.share_numeric >= _MOSTLY_NUMBERS and not _few_classes(column):
        return "numeric", f"{by_name} and values that are numbers".removeprefix(" and ")
    if len(column.texts) <= MAX_CATEGORIES:
        return "categorical", f"{plural(len(column.texts), 'different value')}"
    return "text", f"{plural(len(column.texts), 'different value')}"


def _no_numbers(column: TextColumn, rows: Ints, term: Term | None, kind: str) -> list[Issue]:
    """A finding on a measurement, by its name, that holds words; what was asked is not repeated."""
    strange = np.isnan(column.numbers)
    measured = term is not None and term.kind == "numeric" and not column.notation.open
    if not measured or kind not in {"categorical", "ordinal", "text"} or not strange.any():
        return []
    hits = rows[column.rows_holding(strange)].tolist()
    words = (
        f"{shown(column.name)} has the name of a measurement but holds other than numbers in "
        f"{plural(len(hits), 'row')} ({at_rows(hits)}); it was kept as text, write numbers if it "
        "is one."
    )
    issue = Issue.at(
        "info",
        words,
        hits,
        column.name,
        "text_in_number",
    )
    return [issue]


def _check_stated(column: TextColumn, kind: VariableKind, dates: DateColumn | None) -> None:
    """Refuse a stated kind that would leave nothing of the column."""
    wanted, fits = {
        "numeric": ("holds no numbers", column.share_numeric > 0),
        "binary": ("is not a column of yes and no", column.answers_only),
        "date": ("does not hold dates such as 2019-03-31", dates is not None),
    }.get(kind, ("", True))
    if not fits and column.filled.any():
        raise CohortError(
            f"The mapping calls {shown(column.name)} {kind}, but it {wanted}; state another kind."
        )


def _with_stated(why: str, stated: Mapping[str, Any]) -> str:
    """The reason of a variable, with what of it is stated."""
    said = [key.replace("_", " ") for key, value in stated.items() if value and key != "kind"]
    if not said:
        return why
    words = f"{listed(said)} as stated"
    return f"kind, {words}" if why == "as stated" else f"{why}; {words}"


def _label(name: str, term: Term | None, kind: VariableKind) -> str:
    if kind == "date":
        return date_label(name) or human_label(name)
    if term is None:
        return human_label(without_unit(name) if kind == "numeric" else name)
    # "cr_months" is not whether there was a remission but when.
    when = kind == "numeric" and term.kind == "binary" and parse_name(name).unit in MONTHS_PER
    return f"{term.label}: time" if when else term.label


def _whole_numbers(column: TextColumn) -> bool:
    return bool(len(column.texts)) and all(_WHOLE.fullmatch(text) for text in column.texts)


def _few_classes(column: TextColumn) -> bool:
    """Whether numbers are classes: with words, such as 0, 1 and "2 or more", or by the name."""
    if len(column.texts) > _FEW_CLASSES:
        return False
    if _NOMINAL.search(column.name) and not (column.numbers % 1 > 0).any():
        return True
    return any(
        word not in UNKNOWN_WORDS
        for word, number in zip(column.words, column.numbers, strict=True)
        if np.isnan(number)
    )


def _role_of(kind: VariableKind) -> VariableRole:
    return "clinical" if kind == "binary" else "other"


def _own(column: TextColumn) -> list[str]:
    """The classes that occur, the largest first."""
    by_size = sorted(range(len(column.texts)), key=lambda i: (-column.counts[i], column.texts[i]))
    return [str(column.texts[i]) for i in by_size if column.counts[i]]


def _levels(column: TextColumn) -> tuple[str, ...]:
    levels = _own(column)
    if all(level.isdecimal() for level in levels):
        return tuple(sorted(levels, key=int))
    return order_of(levels) or nominal_order(levels)


def _leftover(column: TextColumn, rows: Ints) -> tuple[Texts | None, list[Issue]]:
    no_number = np.isnan(column.numbers)
    if not no_number.any() and not column.bounded.any():
        return None, []
    hits = rows[column.rows_holding(no_number)].tolist()
    unknown = np.array([word in UNKNOWN_WORDS for word in column.words], dtype=bool)
    issues = []
    if hits:
        issues.append(
            Issue.at(
                "warning" if (no_number & ~unknown & (column.counts > 0)).any() else "info",
                f"{shown(column.name)} holds numbers except in {plural(len(hits), 'row')} "
                f"({at_rows(hits)}), which count as missing.",
                hits,
                column.name,
                "text_in_number",
            )
        )
    informative = column.rows_holding((no_number & ~unknown) | column.bounded)
    if not informative.any():
        return None, issues
    cells = column.objects()
    cells[~informative] = None
    return cells, issues
