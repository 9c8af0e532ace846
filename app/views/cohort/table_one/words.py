"""Table one to read and to take away: as printed, as numbers, as Markdown."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import pandas as pd

from app.analysis.associations import (
    IN_OTHER_WORDS,
    MADE_ALIKE,
    MOST_LEVELS,
    PART_OF,
    REST,
    GroupSummary,
    TableOne,
    VariableRow,
    in_words,
)
from app.cohort.groupings import MIN_GROUP_FOR_TEST
from app.study.wording import format_p_cell, format_smd, listing

_YES = ("Yes", "No")
_NO_FINDING = {
    PART_OF: "being part of what the groups are made of",
    MADE_ALIKE: "being made of the same as the groups",
    IN_OTHER_WORDS: "telling the groups in other words",
}


def printed(table: TableOne) -> pd.DataFrame:
    """Table one as it is read: one row a variable, and below it one a level.

    Returns
    -------
    DataFrame
        Text columns: Variable, All (n), one a group with its n, Missing, Test, p, q, SMD. Of yes
        and no, and of altered and not, one line tells both; a level that nobody has is left out.
    """
    heads = ["Variable", f"All ({table.n:,})"]
    heads += [f"{name} ({size:,})" for name, size in zip(table.names, table.sizes, strict=True)]
    heads += ["Missing", "Test", "p", "q", "SMD"]
    return pd.DataFrame(list(_lines(table)), columns=heads)


def numbers(table: TableOne) -> pd.DataFrame:
    """Table one as numbers, one row a variable, level and group; ``All`` is everyone in a group."""
    rows = []
    for row in table.rows:
        columns = {"All": row.overall} | dict(zip(table.names, row.groups, strict=True))
        for group, summaries in columns.items():
            for level, summary in zip(row.levels or ("",), summaries, strict=True):
                is_number = not row.levels
                rows.append(
                    {
                        "variable": row.label, "level": level, "group": group, "n": summary.n,
                        "known": summary.known,
                        "count": None if is_number or summary.count < 0 else summary.count,
                        "share": None if is_number else summary.share,
                        "median": summary.median, "q1": summary.q1, "q3": summary.q3,
                        "mean": summary.mean, "sd": summary.sd, "missing": row.missing,
                        "test": row.comparison.test, "statistic": row.comparison.statistic,
                        "p_value": row.comparison.p_value, "q_value": row.q_value,
                        "smd": row.comparison.smd,
                    }
                )  # fmt: skip
    return pd.DataFrame(rows)


def to_markdown(table: TableOne, source: str, patients: str) -> str:
    """Table one as a Markdown document with its legend and source.

    Parameters
    ----------
    source
        Where the data come from, SYNTHETIC first where they are simulated.
    """
    frame = printed(table)
    rows = [list(frame.columns), *frame.to_numpy().tolist()]
    lines = ["| " + " | ".join(_cell(str(value)) for value in row) + " |" for row in rows]
    aligned = "|" + "|".join([" :-- "] + [" --: "] * (len(frame.columns) - 1)) + "|"
    title = f"**Table 1. {_cell(table.label)}: {table.n:,} patients.** {patients}."
    return "\n".join(
        [title, "", lines[0], aligned, *lines[1:], "", legend(table), "", f"Source: {source}", ""]
    )


def no_findings(tests: Mapping[str, str]) -> str:
    """What is described and not tested as it makes the groups, in sentences that follow others.

    Parameters
    ----------
    tests
        By label of the variable, the test or why there is none.
    """
    return "".join(
        f" Described and not tested, {words}: {'; '.join(same)}."
        for why, words in _NO_FINDING.items()
        if (same := [label for label, test in tests.items() if test == why])
    )


def untested(table: TableOne) -> str:
    """The same of a table; its constant variables are not in it."""
    rows = [row for row in table.rows if not row.constant]
    return no_findings({row.label: row.comparison.test for row in rows})


def legend(table: TableOne) -> str:
    """What the table's numbers are and how groups were compared, in sentences."""
    tests = "Wilcoxon's rank-sum or Kruskal-Wallis test"
    by_mean = table.number_test == "mean"
    number = "Welch's t test or analysis of variance" if by_mean else tests
    parts = [
        f"Numbers are {'mean (SD)' if by_mean else 'median (quartiles)'}, categories n (% of those "
        f"known). Numbers by {number}, ordered categories by rank, categories by chi-square, or "
        "Fisher's exact or a simulated chi-square test where expected counts are small. q: "
        "Benjamini-Hochberg over the variables tested. SMD: standardised mean difference, the "
        "largest between two groups. Missing: patients of the groups without a value. A group with "
        f"fewer than {MIN_GROUP_FOR_TEST} patients with a value is in no test and no SMD.",
    ]
    if any(REST in row.levels for row in table.rows):
        parts.append(
            f"Of a variable with more than {MOST_LEVELS} levels the rarest are pooled, in "
            "the table and in its test."
        )
    same = [_constant(row) for row in table.rows if row.constant]
    if same:
        parts.append(f"The same in everybody known, hence not listed: {listing(same)}.")
    if table.left_out:
        left = listing([f"{n:,} {why}" for why, n in table.left_out.items()])
        parts.append(f"In no group: {left}.")
    if table.empty:
        parts.append(f"Without patients: {listing(list(table.empty))}.")
    return " ".join(parts)


def _lines(table: TableOne) -> Iterator[list[str]]:
    for row in table.rows:
        if row.constant:
            continue
        tail = _tail(row)
        columns = [row.overall, *row.groups]
        if not row.levels:
            cells = [_number(table, summaries[0]) for summaries in columns]
            yield [row.label, *cells, *tail]
        elif row.levels[: len(_YES)] == _YES or row.kind == "alteration":
            what = "altered" if row.kind == "alteration" else "yes"
            yield [f"{row.label}, {what}", *(in_words(cells[0]) for cells in columns), *tail]
        else:
            yield [row.label, *[""] * len(columns), *tail]
            for place, level in enumerate(row.levels):
                if not row.overall[place].count:
                    continue
                words = [in_words(summaries[place]) for summaries in columns]
                yield [f"\N{EM SPACE}{level}", *words, *[""] * len(tail)]


def _number(table: TableOne, summary: GroupSummary) -> str:
    if table.number_test == "rank" or not summary.known:
        return in_words(summary)
    sd = "–" if math.isnan(summary.sd) else f"{summary.sd:.3g}"
    return f"{summary.mean:.3g} ({sd})"


def _constant(row: VariableRow) -> str:
    place = next(place for place, level in enumerate(row.overall) if level.count)
    return f"{row.label} ({row.levels[place]})"


def _tail(row: VariableRow) -> list[str]:
    found = row.comparison
    p, q = format_p_cell(found.p_value), format_p_cell(row.q_value)
    return [f"{row.missing:,}", found.test, p, q, format_smd(found.smd)]


def _cell(text: str) -> str:
    """Text that stays within its cell."""
    return text.replace("|", "\\|").replace("\n", " ").replace("\N{EM SPACE}", "&emsp;")
