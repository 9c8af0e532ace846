"""A short Python script that reproduces a survival comparison with the project's own functions."""

from __future__ import annotations

from app.cohort.filters import Filter
from app.cohort.groupings import Arrangement, GroupingSpec
from app.study.outcomes import too_small
from app.study.scripts.parts import (
    comment,
    heading_part,
    imports_part,
    outcome_part,
    script_of,
    selection_part,
)
from app.views.survival.curves.analysis import GroupSurvival
from app.views.survival.curves.words import YEARS
from data_loaders import Cohort


def survival_script(
    result: GroupSurvival,
    cohort: Cohort,
    chosen: Filter,
    group: GroupingSpec | None,
    *,
    arrangement: Arrangement | None = None,
    strata: str | None = None,
) -> str:
    """The script, as text to be saved in UTF-8.

    It names the data by the file's name alone, so no folder leaks, and holds no patient's values:
    it is run next to the file.

    Parameters
    ----------
    result
        The result to reproduce.
    cohort
        The cohort it is of, before the filter.
    chosen
        The filter.
    group
        The grouping; None for everyone together. Groups saved by name are read from their file,
        ``groups.json``, next to the script.
    arrangement
        How its groups are shown, where the user changed it.
    strata
        Column within whose values patients were compared.
    """
    by = f" by {result.label}" if result.label else ""
    return script_of(
        heading_part(f"{result.endpoint.label}{by}", cohort, chosen, group),
        imports_part(cohort, _imports(result), group, arrangement),
        selection_part(cohort, chosen),
        outcome_part(result.outcome, group, arrangement),
        _curves(result),
        _test(result, strata),
    )


def _imports(result: GroupSurvival) -> dict[str, set[str]]:
    functions = {"kaplan_meier"} if result.drawn else set()
    if result.test is not None:
        functions.add("logrank_test")
    if result.trend is not None:
        functions.add("logrank_trend")
    if result.pairwise is not None:
        functions.add("pairwise_logrank")
    wanted = {"app.study.outcomes": {"outcome_of"}}
    return wanted | ({"app.analysis.survival": functions} if functions else {})


def _curves(result: GroupSurvival) -> str:
    if not result.drawn:
        return ""
    months = [12 * year for year in YEARS]
    return f"""\
for code, name in enumerate(outcome.names):
    own = outcome.codes == code
    if not own.any():
        continue
    entry = None if outcome.entry is None else outcome.entry[own]
    km = kaplan_meier(outcome.time[own], outcome.event[own], entry, {result.conf_type!r})
    low, high = km.median_ci
    print(f"\\n{{name}}: n = {{km.n}}, events = {{km.events}}")
    print(f"median {{km.median:.12g}} ({{low:.12g}} to {{high:.12g}}) months")
    print(f"median follow-up {{km.median_followup:.12g}} months")
    print(km.at({months}).to_string(index=False, float_format="%.12g".__mod__))"""


def _test(result: GroupSurvival, strata: str | None) -> str:
    if result.test is None:
        return comment(result.p_note) if result.label else ""
    lines, conditions, layers = [], [], "None"
    if strata is not None:
        lines.append(f"strata = cohort.factor({strata!r})[0][outcome.used]")
        conditions.append("(strata >= 0)")
    if result.untested:
        lines.append(comment(f"Not in the test: {too_small(result.untested)}."))
        conditions.append(f"~outcome.groups.isin({list(result.untested)!r})")
    known = "[known]" if conditions else ""
    if conditions:
        lines.append(f"known = {' & '.join(conditions)}")
    if strata is not None:
        layers = "strata[known]"
    columns = ", ".join(f"outcome.{name}{known}" for name in ("time", "event", "groups"))
    entry = f"outcome.entry{known}" if result.outcome.entry is not None else "None"
    options = f"entry={entry}, strata={layers}, weights={result.test.weights!r}"
    lines.append(f"followed = ({columns})")
    lines.append(f"options = dict({options})")
    lines += _printed("test", "logrank_test(*followed, **options)")
    if result.trend is not None:
        lines += _printed("trend", "logrank_trend(*followed, **options)")
    if result.pairwise is not None:
        lines += [
            f"pairs = pairwise_logrank(*followed, {result.adjust!r}, **options)",
            'columns = ["a", "b", "p_value", "p_adjusted"]',
            'print(pairs[columns].to_string(index=False, float_format="%.12g".__mod__))',
        ]
    return "\n".join(lines)


def _printed(name: str, call: str) -> list[str]:
    return [
        f"{name} = {call}",
        f'print(f"\\n{{{name}.method}}: chi-squared {{{name}.statistic:.12g}}, {{{name}.df}} df, "',
        f'      f"p = {{{name}.p_value:.12g}}")',
    ]
