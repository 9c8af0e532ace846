"""A short Python script that reproduces a survival comparison with the project's own functions."""

from __future__ import annotations

import json
import re
from pprint import pformat
from textwrap import indent

from app.analysis.group_survival import YEARS, GroupSurvival
from app.cohort.filters import Filter
from app.cohort.groupings import SAVED, GroupingSpec
from app.export.tables import source_line
from data_loaders import Cohort

GROUPS_FILE = "groups.json"
_DEMO = "demo:"
_PLAIN_CURVE = re.compile(r"Greenwood.* band$")
_PLAIN_TEST = re.compile(r"(log-rank test, \d+ degrees? of freedom)?")


def survival_script(
    result: GroupSurvival, cohort: Cohort, chosen: Filter, group: GroupingSpec | None
) -> str:
    """The script, as text to be saved in UTF-8.

    It names the data by the file's name alone, so no folder leaks, and holds no patient's values:
    it is run next to the file. What comes from the data (names of files, columns, levels) stands
    in it only as Python literals and in comments of one line.

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

    Raises
    ------
    ValueError
        If the result has entry times, weights or another test than the plain log-rank test, which
        the script does not write.
    """
    plain = (_PLAIN_CURVE.search(curve.km.method) for curve in result.drawn if curve.km is not None)
    if not all(plain) or not _PLAIN_TEST.fullmatch(result.test_method):
        raise ValueError(
            "There is no script for entry times, weights or another test than the plain log-rank "
            "test: choose these off to take a script along."
        )
    saved = group is not None and group.kind == SAVED
    parts = [
        _heading(result, cohort, chosen, saved=saved),
        _imports(result, group),
        _selection(cohort, chosen),
        _patients(result, group),
        _limit(result),
        _curves(result),
        _test(result),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _heading(result: GroupSurvival, cohort: Cohort, chosen: Filter, *, saved: bool) -> str:
    by = f" by {result.label}" if result.label else ""
    file = _file_name(cohort)
    beside = [] if file.startswith(_DEMO) else [file]
    beside += [GROUPS_FILE] * saved
    lines = [
        f"{result.endpoint.label}{by}: reproduces what CALR Explorer showed.",
        f"Source: {source_line(cohort.provenance)}",
        f"Patients: {chosen.describe(cohort)}",
        "",
        f"Run it in the folder of {' and '.join(beside)}:" if beside else "Run it with:",
        "  PYTHONPATH=folder/of/calr-explorer python this_script.py",
    ]
    return "\n".join(_comment(line) for line in lines)


def _imports(result: GroupSurvival, group: GroupingSpec | None) -> str:
    functions = ["kaplan_meier"]
    if result.limit is not None:
        functions.append("administrative_censoring")
    if result.p_value is not None:
        functions.append("logrank_test")
    if result.pairwise is not None:
        functions.append("pairwise_logrank")
    lines = [
        "import numpy as np",
        "",
        "from app.analysis.survival import (",
        *(f"    {name}," for name in sorted(functions)),
        ")",
        "from app.cohort.filters import Filter",
    ]
    if group is not None and group.kind == SAVED:
        lines = ["from pathlib import Path", "", *lines]
        lines.append("from app.cohort.saved import saved_from_json")
    elif group is not None:
        lines.append("from app.cohort.groupings import GroupingSpec")
    return "\n".join([*lines, "from data_loaders import load_cohort"])


def _selection(cohort: Cohort, chosen: Filter) -> str:
    # By way of JSON: what is written is plain data, whatever the filter was made of.
    plain = indent(pformat(json.loads(json.dumps(chosen.to_dict())), sort_dicts=False), "    ")
    return f"""\
cohort = load_cohort({_file_name(cohort)!r})
if cohort.fingerprint != {cohort.fingerprint!r}:
    print("Note: the data are not those that the result was made of.")
chosen = Filter.from_dict(
{plain}
)
selection = chosen.apply(cohort)
print(f"{{selection.n}} of {{cohort.n}} patients selected")"""


def _patients(result: GroupSurvival, group: GroupingSpec | None) -> str:
    lines = [
        f"endpoint = cohort.endpoints[{result.endpoint.key!r}]",
        "time = cohort.patients[endpoint.time].to_numpy(dtype=float, na_value=np.nan)",
        "event = cohort.patients[endpoint.event].to_numpy(dtype=float, na_value=np.nan)",
        "used = selection.mask & ~np.isnan(time) & ~np.isnan(event)",
    ]
    if group is None:
        lines.append(f"groups = np.full(cohort.n, {result.curves[0].name!r}, dtype=object)")
        lines.append("names = groups[:1]")
    else:
        lines += [
            _grouping(group),
            "used &= grouping.codes >= 0",
            "names = np.array(grouping.names, dtype=object)",
            "groups = names[grouping.codes]",
        ]
    lines += [
        "time, event, groups = time[used], event[used], groups[used]",
        'print(f"{len(time)} analysed")',
    ]
    return "\n".join(lines)


def _grouping(group: GroupingSpec) -> str:
    if group.kind == SAVED:
        return (
            f"saved = saved_from_json(cohort, Path({GROUPS_FILE!r}).read_bytes())\n"
            f"grouping = saved.groupings[{group.name!r}]"
        )
    return f"grouping = GroupingSpec({group.kind!r}, {group.name!r}).build(cohort)"


def _limit(result: GroupSurvival) -> str:
    if result.limit is None or not result.analysed:
        return ""
    return (
        "# Follow-up ends here for every number, in months.\n"
        f"time, event = administrative_censoring(time, event, {float(result.limit)!r})"
    )


def _curves(result: GroupSurvival) -> str:
    if not result.drawn or result.drawn[0].km is None:
        return ""
    months = [12 * year for year in YEARS]
    return f"""\
for name in names:
    own = groups == name
    if not own.any():
        continue
    km = kaplan_meier(time[own], event[own], conf_type={result.drawn[0].km.conf_type!r})
    low, high = km.median_ci
    print(f"\\n{{name}}: n = {{km.n}}, events = {{km.events}}")
    print(f"median {{km.median:.12g}} ({{low:.12g}} to {{high:.12g}}) months")
    print(f"median follow-up {{km.median_followup:.12g}} months")
    print(km.at({months}).to_string(index=False, float_format="%.12g"))"""


def _test(result: GroupSurvival) -> str:
    if result.p_value is None:
        return _comment(result.p_note) if result.label else ""
    lines = [
        "test = logrank_test(time, event, groups)",
        'print(f"\\n{test.method}: chi-squared {test.statistic:.12g}, {test.df} df, "',
        '      f"p = {test.p_value:.12g}")',
    ]
    if result.pairwise is not None:
        lines += [
            'pairs = pairwise_logrank(time, event, groups, adjust="holm")',
            'columns = ["a", "b", "p_value", "p_adjusted"]',
            'print(pairs[columns].to_string(index=False, float_format="%.12g"))',
        ]
    return "\n".join(lines)


def _file_name(cohort: Cohort) -> str:
    """The file's name without any folder, or a demo's key."""
    return re.split(r"[\\/]", cohort.provenance.source)[-1]


def _comment(text: str) -> str:
    """A comment that stays one: what is not printable could end its line."""
    return f"# {''.join(letter if letter.isprintable() else ' ' for letter in text)}".rstrip()
