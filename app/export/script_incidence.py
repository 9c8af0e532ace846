"""A short Python script that reproduces a competing-risks analysis from the library's functions."""

from __future__ import annotations

from app.analysis.group_incidence import GroupIncidence
from app.analysis.group_reading import YEARS
from app.analysis.incidence_estimates import not_recorded
from app.analysis.outcomes import too_small
from app.cohort.arrangement import Arrangement
from app.cohort.filters import Filter
from app.cohort.groupings import GroupingSpec
from app.export.script_parts import (
    comment,
    heading_part,
    imports_part,
    outcome_part,
    script_of,
    selection_part,
)
from data_loaders import Cohort

_MODULE = "app.analysis.competing_risks"


def incidence_script(
    result: GroupIncidence,
    cohort: Cohort,
    chosen: Filter,
    group: GroupingSpec | None,
    arrangement: Arrangement | None = None,
) -> str:
    """The script, as text to be saved in UTF-8; it is run next to the file.

    Parameters
    ----------
    result
        The result to reproduce.
    cohort
        The cohort it is of, before the filter.
    chosen
        The filter.
    group
        The grouping; None for everyone together.
    arrangement
        How the groups were renamed, reordered or hidden, if they were.
    """
    by = f" by {result.label}" if result.label else ""
    title = f"{result.endpoint.label}, competing risks{by}"
    return script_of(
        heading_part(title, cohort, chosen, group),
        imports_part(cohort, _imports(result), group, arrangement),
        selection_part(cohort, chosen),
        outcome_part(result.outcome, group, arrangement),
        _known(result, group),
        _curves(result),
        _tests(result),
        _models(result),
    )


def _imports(result: GroupIncidence) -> dict[str, set[str]]:
    wanted: dict[str, set[str]] = {}
    functions = set()
    if result.drawn:
        functions.add("cumulative_incidence")
        wanted["app.analysis.survival"] = {"kaplan_meier"}
    if result.gray_event is not None:
        functions.add("gray_test")
    effects = result.effects
    if effects is not None and effects.reference:
        wanted["app.analysis.regression"] = {"cox"}
        wanted["pandas"] = {"Categorical", "DataFrame"}
        if effects.subdistribution is not None:
            functions.add("fine_gray")
    if functions:
        wanted[_MODULE] = functions
    if _has_unknown(result):
        wanted["app.analysis.incidence_estimates"] = {"incidence_outcome"}
    return wanted


def _has_unknown(result: GroupIncidence) -> bool:
    return not_recorded(result.endpoint) in result.left_out


def _known(result: GroupIncidence, group: GroupingSpec | None) -> str:
    """Leave out those of whom it is not known whether the competing event came."""
    if not _has_unknown(result):
        return ""
    asked = f"cohort, selection.mask, {result.endpoint.key!r}"
    asked += ", None" if group is None else ", grouping"
    if result.limit is not None:
        asked += f", limit={float(result.limit)!r}"
    if result.outcome.entry is None:
        asked += ", truncated=False"
    return (
        f"{comment('Cause-specific hazards need not know of the competing event.')}\n"
        "followed = outcome\n"
        f"{comment(f'Without those with {not_recorded(result.endpoint)}.')}\n"
        f"outcome = incidence_outcome({asked})\n"
        'print(f"{outcome.n} of them with both events known")'
    )


def _curves(result: GroupIncidence) -> str:
    if not result.drawn:
        return ""
    months = [12 * year for year in YEARS]
    return f"""\
# Cause 1 is the event, 2 the competing event; times are months.
for code, name in enumerate(outcome.names):
    own = outcome.codes == code
    time, cause = outcome.time[own], outcome.cause[own]
    if not cause.any():
        continue
    entry = None if outcome.entry is None else outcome.entry[own]
    incidence = cumulative_incidence(time, cause, entry)
    print(f"\\n{{name}}: n = {{incidence.n}}, events by cause = {{incidence.events}}")
    print(incidence.at({months}).to_string(index=False, float_format="%.12g".__mod__))
    naive = 1 - kaplan_meier(time, cause == 1, entry).at({months})["survival"]
    print("1 - Kaplan-Meier (wrong):", *(f"{{value:.12g}}" for value in naive))"""


def _tests(result: GroupIncidence) -> str:
    if result.gray_event is None:
        return comment(result.p_note) if result.label else ""
    causes = "(1,)" if result.gray_competing is None else "(1, 2)"
    columns = ["outcome.time", "outcome.cause", "outcome.codes"]
    tested = ""
    if result.untested:
        why = comment(f"Not in the tests: {too_small(result.untested)}.")
        tested = f"{why}\ntested = ~outcome.groups.isin({list(result.untested)!r})\n"
        columns = [f"{column}[tested]" for column in columns]
    return f"""\
{tested}for cause in {causes}:
    test = gray_test({", ".join(columns)}, cause)
    print(f"\\n{{test.method}}, cause {{cause}}: chi-squared {{test.statistic:.12g}}, "
          f"{{test.df}} df, p = {{test.p_value:.12g}}")"""


def _models(result: GroupIncidence) -> str:
    effects = result.effects
    if effects is None or not effects.reference:
        return ""
    names = [name for name in result.outcome.names if name not in effects.left_out]
    names.sort(key=lambda name: name != effects.reference)
    late = result.outcome.entry is not None
    entry = ', entry="entry"' if late else ""
    lines = [
        comment(f"Hazard ratios against {effects.reference}."),
        f"compared = {names!r}",
        *_frame("frame", "outcome", late=late),
        'columns = ["term", "hr", "lower", "upper", "p_value"]',
    ]
    if effects.cause_specific is not None:
        frame = "frame"
        if _has_unknown(result):
            frame = "everyone"
            lines += _frame(frame, "followed", late=late)
        lines += _printed("Cause-specific", f'cox({frame}, "time", "event", ["group"]{entry})')
    if effects.subdistribution is not None:
        lines += _printed("Subdistribution", 'fine_gray(frame, "time", "cause", ["group"])')
    if effects.competing is not None:
        without = [
            group.name for group in result.estimates if group.name in names and not group.competing
        ]
        frame = "frame"
        if without:
            frame = f'frame[~frame["group"].isin({without!r})]'
        lines += _printed("Competing event", f'cox({frame}, "time", "competing", ["group"]{entry})')
    return "\n".join(lines)


def _frame(name: str, outcome: str, *, late: bool) -> list[str]:
    """Lines that make the table of an outcome's patients in the groups compared."""
    return [
        f"labels = Categorical.from_codes({outcome}.codes, list({outcome}.names))",
        f"{name} = DataFrame({{",
        f'    "time": {outcome}.time,',
        f'    "cause": {outcome}.cause,',
        f'    "event": ({outcome}.cause == 1).astype(float),',
        f'    "competing": ({outcome}.cause == 2).astype(float),',
        '    "group": labels.set_categories(compared),',
        *([f'    "entry": {outcome}.entry,'] if late else []),
        "}).dropna()",
    ]


def _printed(name: str, call: str) -> list[str]:
    return [
        f"model = {call}",
        f'print("\\n{name} hazard ratios")',
        'print(model.summary[columns].to_string(index=False, float_format="%.12g".__mod__))',
    ]
