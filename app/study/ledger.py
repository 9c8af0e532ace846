"""The ledger: what was asked, in order, with its tests; and hypotheses frozen beforehand.

Looking often finds something: with 27 comparisons one p-value below 0.05 is expected where nothing
differs. The ledger counts them, so that a p-value is read among all that were looked at.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

import pandas as pd

from app.analysis.multiplicity import adjust_p_values
from app.study.analyses import answer_to
from app.study.answer import Answer
from app.study.files.headings import is_p_value
from app.study.question import Question
from app.study.wording import SIGNIFICANT, count, format_p, format_q
from data_loaders import Cohort

HYPOTHESIS_FILE = ".calr-hypothesis.json"
Direction = Literal["above", "below", "either"]
State = Literal["confirmed", "not confirmed", "cannot be asked"]
_VERSION, _MARK = 1, "calr_hypothesis"
_LONGEST = 500
# Sheets that test again what another sheet of the same answer tests, in another way; an answer that
# has ``tests`` leaves them out itself.
_AGAIN = frozenset(
    {
        ("survival.cox", "Tests"),
        ("cohort.table_one", "Numbers"),
    }
)
_ADJUSTED = re.compile(r"(^|_)q(_|$)|adjusted|^q[ ,(]|^q$")
_INTERACTION = "interaction_p"
_DIAGNOSTIC = re.compile("proportional hazards", re.IGNORECASE)
# What tells the rows of a sheet apart, the first that are there.
_NAMES = (
    ("label_a", "label_b"), ("label",), ("term",), ("Test", "Of"), ("group", "feature"),
    ("model", "event", "group"), ("a", "b"), ("variable", "level"), ("Group", "Horizon, years"),
    ("Group", "Time, years"), ("group", "time_years"), ("Group",), ("group",), ("test",),
)  # fmt: skip
# Columns of an effect, and where there is none.
_EFFECTS = (
    ("hr", 1.0), ("shr", 1.0), ("odds_ratio", 1.0), ("Hazard ratio", 1.0), ("difference", 0.0),
    ("Difference", 0.0), ("Difference, years", 0.0), ("Difference, months", 0.0),
    ("median_difference", 0.0),
)  # fmt: skip


class LedgerError(ValueError):
    """A hypothesis that cannot be read or frozen; the message is one sentence for the user."""


@dataclass(frozen=True)
class Comparison:
    """One test of an answer.

    Attributes
    ----------
    sheet, what
        The table of the answer that has it, and which row: ``Log-rank test, Diagnosis``.
    p
        Its p-value, not adjusted.
    effect, null
        The effect beside it and where that says nothing (1 of a ratio, 0 of a difference); None
        where the test has no direction.
    """

    sheet: str
    what: str
    p: float
    effect: float | None = None
    null: float = 1.0


@dataclass(frozen=True)
class Entry:
    """A question that was asked, and what it compared."""

    question: Question
    title: str
    asked: str
    comparisons: tuple[Comparison, ...]

    def to_dict(self) -> dict[str, Any]:
        """The entry whole, as plain data, for a store that holds the patients themselves."""
        return {
            "question": self.question.to_dict(whole=True), "title": self.title,
            "asked": self.asked, "comparisons": [asdict(one) for one in self.comparisons],
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Entry:
        """Read an entry back.

        Raises
        ------
        ValueError, KeyError, TypeError
            If it is none.
        """
        held = tuple(Comparison(**one) for one in data["comparisons"])
        return cls(Question.from_dict(data["question"]), data["title"], data["asked"], held)


@dataclass(frozen=True)
class Ledger:
    """Each distinct question of a session, in the order in which they were asked first."""

    entries: tuple[Entry, ...] = ()

    def knows(self, question: Question) -> bool:
        """Whether a question was asked before, however its answer was drawn."""
        return any(entry.question.key == question.key for entry in self.entries)

    def with_answer(self, question: Question, answer: Answer) -> Ledger:
        """The ledger with a question more, where it is new."""
        if self.knows(question):
            return self
        asked = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        held = tuple(one for one in comparisons_of(answer) if _counts(question, one))
        return Ledger((*self.entries, Entry(question, answer.title, asked, held)))

    def table(self) -> pd.DataFrame:
        """Every comparison, with its place among all and its q-value.

        Returns
        -------
        DataFrame
            One row a comparison in the order of asking: ``question`` (number), ``asked_utc``,
            ``cohort``, ``fingerprint``, ``analysis``, ``title``, ``patients`` (the filter in
            words), ``by``, ``sheet``, ``comparison``, ``p_value``, ``rank`` (1 for the smallest;
            equal p-values share the better) and ``q_value`` (Benjamini-Hochberg over all).
        """
        rows = [
            {
                "question": number,
                "asked_utc": entry.asked,
                "cohort": entry.question.cohort,
                "fingerprint": entry.question.fingerprint[:12],
                "analysis": entry.question.analysis,
                "title": entry.title,
                "patients": entry.question.filter.describe(),
                "by": "" if entry.question.grouping is None else entry.question.grouping.name,
                "sheet": one.sheet,
                "comparison": one.what,
                "p_value": one.p,
            }
            for number, entry in enumerate(self.entries, start=1)
            for one in entry.comparisons
        ]
        table = pd.DataFrame(rows, columns=_COLUMNS)
        p = table["p_value"].to_numpy(dtype=float)
        table["rank"] = table["p_value"].rank(method="min").astype(int)
        table["q_value"] = adjust_p_values(p, "bh")
        return table

    def sentence(self) -> str:
        """How many comparisons were looked at, and how many p-values chance alone makes small."""
        number = sum(len(entry.comparisons) for entry in self.entries)
        asked = count(len(self.entries), "question")
        if not number:
            return f"{asked} asked, nothing compared yet." if self.entries else "Nothing asked yet."
        small = sum(one.p < SIGNIFICANT for entry in self.entries for one in entry.comparisons)
        return (
            f"{count(number, 'comparison')} in {asked} {'was' if number == 1 else 'were'} looked "
            f"at. {small:,} of the p-values {'is' if small == 1 else 'are'} below 0.05; where "
            f"nothing differs, {SIGNIFICANT * number:,.1f} are expected to be."
        )

    def place(self, question: Question) -> str:
        """Where the smallest p-value of a question stands among all: a sentence, or nothing."""
        table = self.table()
        numbers = [
            n for n, entry in enumerate(self.entries, 1) if entry.question.key == question.key
        ]
        own = table[table["question"].isin(numbers)]
        if own.empty:
            return ""
        best = own.loc[own["p_value"].idxmin()]
        looked = count(len(table), "comparison")
        return (
            f"{looked} {'was' if len(table) == 1 else 'were'} looked at; {best['comparison']} has "
            f"the {ordinal(int(best['rank']))} smallest p of {len(table):,} "
            f"({format_p(float(best['p_value']))}), Benjamini-Hochberg "
            f"{format_q(float(best['q_value']))}."
        )


_COLUMNS = (
    "question", "asked_utc", "cohort", "fingerprint", "analysis", "title", "patients", "by",
    "sheet", "comparison", "p_value",
)  # fmt: skip


def ordinal(number: int) -> str:
    """A place in words of a list: ``1st``, ``2nd``, ``3rd``, ``11th``."""
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{'th' if number % 100 in (11, 12, 13) else ending}"


def comparisons_of(answer: Answer) -> tuple[Comparison, ...]:
    """Every test of an answer: p-values that are not adjusted, and what they test.

    Checks of a model's assumptions are no comparisons.
    """
    sheets = (answer.tests or answer.tables)()
    return tuple(one for sheet, table in sheets.items() for one in _of_table(sheet, table))


def _counts(question: Question, comparison: Comparison) -> bool:
    return (question.analysis, comparison.sheet) not in _AGAIN


def _of_table(sheet: str, table: pd.DataFrame) -> list[Comparison]:
    names = [str(name) for name in table.columns]
    tested = [name for name in names if is_p_value(name) and not _ADJUSTED.search(name)]
    if not tested:
        return []
    named = next((parts for parts in _NAMES if set(parts) <= set(names)), ())
    effect = next(((name, null) for name, null in _EFFECTS if name in names), None)
    found = dict[str, Comparison]()
    for row in table.to_dict("records"):
        words = [str(row[part]) for part in named if not pd.isna(row[part])]
        for name in tested:
            p = row[name]
            what = ", ".join(words)
            if name == _INTERACTION:  # one test of all levels of a variable
                what = f"{row['variable']}, interaction"
            # As text where a table is printed for reading, beside one of numbers.
            if isinstance(p, str) or pd.isna(p) or _DIAGNOSTIC.search(what):
                continue
            size = None if effect is None else row[effect[0]]
            found.setdefault(
                what,
                Comparison(
                    sheet, what or sheet, float(p),
                    None if size is None or pd.isna(size) else float(size),
                    1.0 if effect is None else effect[1],
                ),
            )  # fmt: skip
    return list(found.values())


# Hypotheses --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Hypothesis:
    """What is expected of other patients, written down before they are looked at.

    Attributes
    ----------
    question
        What is asked; the cohort in it is the one where it was found.
    sheet, what
        The test of its answer that decides.
    expected
        In words.
    direction
        Where the effect is expected: ``above`` or ``below`` where there is none, or ``either``.
    frozen
        When, in UTC.
    """

    question: Question
    sheet: str
    what: str
    expected: str
    direction: Direction = "either"
    frozen: str = field(default_factory=lambda: f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")

    def __post_init__(self) -> None:
        if not self.expected.strip() or len(self.expected) > _LONGEST:
            raise LedgerError(f"Say what is expected, in at most {_LONGEST} letters.")
        if self.direction not in {"above", "below", "either"}:
            raise LedgerError("The direction is above, below or either.")

    @property
    def sha256(self) -> str:
        """Of all that it says: whoever has the digest knows whether a word was changed since."""
        return _digest(self._plain())

    def to_json(self) -> str:
        """The content of its file, with the digest.

        Raises
        ------
        QuestionError
            If the question lists patients of a cohort that not everybody has.
        """
        return json.dumps(self._plain() | {"sha256": self.sha256}, indent=1, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> Hypothesis:
        """Read a hypothesis back.

        Raises
        ------
        LedgerError
            If the file is none, or what it says is not what was frozen.
        """
        try:
            data = json.loads(text)
            version, digest = data.pop(_MARK), data.pop("sha256")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise LedgerError(
                f"This is no frozen hypothesis: a file that ends in {HYPOTHESIS_FILE} holds one."
            ) from error
        if version != _VERSION:
            raise LedgerError("This hypothesis was written by another version, which can read it.")
        if digest != _digest({_MARK: version, **data}):
            raise LedgerError("The file was changed after it was frozen: its digest does not fit.")
        try:
            question = Question.from_dict(data.pop("question"))
            return cls(question, **{name: str(held) for name, held in data.items()})  # type: ignore[arg-type]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise LedgerError(f"The hypothesis cannot be read: {error}") from error

    def _plain(self) -> dict[str, Any]:
        return {
            _MARK: _VERSION, "question": self.question.to_dict(), "sheet": self.sheet,
            "what": self.what, "expected": self.expected, "direction": self.direction,
            "frozen": self.frozen,
        }  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """What other patients say to a hypothesis: its state, a sentence, and the test's numbers."""

    state: State
    said: str
    comparison: Comparison | None = None


def confirm(
    hypothesis: Hypothesis,
    key: str,
    cohort: Cohort,
    answer: Callable[[Question, Cohort], Answer] = answer_to,
) -> Verdict:
    """Ask a frozen hypothesis of another cohort.

    It is confirmed where the test that was named has p below 0.05, two-sided, and its effect lies
    where it was expected.

    Parameters
    ----------
    answer
        Answers a question; a session gives what it remembers.
    """
    asked = hypothesis.question
    if cohort.fingerprint == asked.fingerprint:
        return Verdict(
            "cannot be asked",
            "These are the patients in whom it was found: it takes others to confirm it.",
        )
    here = replace(asked, cohort=key, fingerprint=cohort.fingerprint, saved={})
    try:
        found = comparisons_of(answer(here, cohort))
    except (ValueError, KeyError, TypeError) as error:
        why = str(error) if isinstance(error, ValueError) else "it lacks what the question names."
        return Verdict("cannot be asked", f"It cannot be asked of {cohort.name}: {why}")
    one = next(
        (one for one in found if (one.sheet, one.what) == (hypothesis.sheet, hypothesis.what)), None
    )
    if one is None:
        return Verdict(
            "cannot be asked",
            f"It cannot be asked of {cohort.name}: its answer has no test of "
            f"“{hypothesis.what}”, or too few patients for one.",
        )
    told = format_p(one.p)
    if one.effect is not None:
        told = f"{'ratio' if one.null else 'difference'} {one.effect:.3g}, {told}"
    side = _side(one)
    if hypothesis.direction != "either" and side is None:
        return Verdict("cannot be asked", f"The test ({told}) has no direction.", one)
    if one.p >= SIGNIFICANT:
        return Verdict("not confirmed", f"Not confirmed in {cohort.name}: {told}.", one)
    if hypothesis.direction not in {"either", side}:
        said = f"Not confirmed in {cohort.name}: {told}, the other way than was expected."
        return Verdict("not confirmed", said, one)
    return Verdict("confirmed", f"Confirmed in {cohort.name}: {told}.", one)


def _side(comparison: Comparison) -> Direction | None:
    if comparison.effect is None:
        return None
    return "above" if comparison.effect > comparison.null else "below"


def _digest(plain: Mapping[str, Any]) -> str:
    text = json.dumps(plain, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
