"""What survival by group says: in words, and in the tables beside the figure."""

from __future__ import annotations

import pandas as pd

from app.study.outcomes import too_small
from app.study.wording import (
    MONTHS_PER_YEAR,
    TimeUnit,
    count,
    format_p,
    format_p_cell,
    format_percent_ci,
    format_ratio,
    format_time,
    format_time_ci,
    mid_sentence,
)
from app.views.survival.curves.analysis import YEARS, GroupCurve, GroupSurvival, years_with
from app.views.survival.curves.contrasts import (
    estimate_cells,
    share_of,
    times_in,
    values_of,
)
from app.views.survival.curves.shape import (
    Crossing,
    crossings,
    hazard_ratio,
    proportional_hazards,
)

FEW_EVENTS = 10
_DOUBTFUL = 0.05
_MOST_CROSSINGS = 2


RATIOS_TOLD = (
    "Efron's is the one told elsewhere. Where times are grouped it stays nearest to that of "
    "ungrouped times; Breslow's is then nearer to 1, the exact one is of the odds of the event "
    "within a step of the grid, and the score's single step overshoots where the ratio is far "
    "from 1."
)
_LIKELIHOODS = {
    "efron": "Cox's partial likelihood, Efron ties",
    "breslow": "Cox's partial likelihood, Breslow ties",
    "exact": "Exact partial likelihood (discrete times)",
    "score": "One step of the score (Peto)",
}


def ratios_table(ratios: pd.DataFrame) -> pd.DataFrame:
    """The hazard ratio of two groups by several likelihoods, as printed."""
    return pd.DataFrame(
        {
            "Likelihood": _LIKELIHOODS[own["method"]],
            "Hazard ratio (95% CI)": format_ratio(own["hr"], own["lower"], own["upper"]),
            "p": format_p_cell(own["p_value"]),
        }
        for own in ratios.to_dict("records")
    )


def summary_sheet(
    result: GroupSurvival, unit: TimeUnit, read_at: int | None = None
) -> pd.DataFrame:
    """One row a group: n, events, median, survival at 1, 3 and 5 years, median follow-up.

    Parameters
    ----------
    read_at
        A year more at which survival is read.
    """
    rows, years = [], years_with(read_at)
    times = [MONTHS_PER_YEAR * year for year in years]
    for curve in result.curves:
        row: dict[str, object] = {"Group": curve.name, "n": curve.n, "Events": curve.events}
        km = curve.km
        if km is not None:
            row |= estimate_cells(_median(unit), times_in(unit, km.median, *km.median_ci))
            for year, at in zip(years, km.at(times).to_dict("records"), strict=True):
                row[f"At risk at {count(year, 'year')}"] = at["n_risk"]
                row |= estimate_cells(_survival_at(year), share_of(at))
            followed = times_in(unit, km.median_followup, *km.median_followup_ci)
            row |= estimate_cells(f"Median follow-up, {unit}", followed)
        rows.append(row)
    return pd.DataFrame(rows)


def summary_table(
    result: GroupSurvival, unit: TimeUnit, read_at: int | None = None
) -> pd.DataFrame:
    """The summary as it stands in a paper; ``numbers_table`` has every step unrounded."""
    rows = []
    for own in summary_sheet(result, unit, read_at).to_dict("records"):
        row: dict[str, object] = {name: own[name] for name in ("Group", "n", "Events")}
        anyone = bool(own["n"])
        # The sheet's times stand in the unit already, so they are printed as they are.
        row[f"{_median(unit)} (95% CI)"] = (
            format_time_ci(*values_of(own, _median(unit)), "months") if anyone else "–"
        )
        for year in years_with(read_at):
            row[f"{year}-year (95% CI)"] = (
                format_percent_ci(*values_of(own, _survival_at(year))) if anyone else "–"
            )
        row[f"Follow-up, {unit}"] = (
            format_time(own[f"Median follow-up, {unit}"], "months") if anyone else "–"
        )
        rows.append(row)
    return pd.DataFrame(rows)


def _median(unit: TimeUnit) -> str:
    return f"Median, {unit}"


def _survival_at(year: int) -> str:
    return f"Survival at {count(year, 'year')}"


def pairs_table(pairs: pd.DataFrame) -> pd.DataFrame:
    """Every pair of groups with its test, as printed.

    Parameters
    ----------
    pairs
        From ``pairwise_logrank`` or Gray's test of pairs: a, b, statistic, p_value, p_adjusted,
        and n_a, n_b, note where the test gives them.
    """
    columns = {
        "a": "Group", "n_a": "n", "b": "Against", "n_b": "n of these", "statistic": "Chi-squared",
        "p_value": "p", "p_adjusted": "p, adjusted", "note": "Note",
    }  # fmt: skip
    printed = pairs.assign(
        **{
            name: held.map(_digits if name == "statistic" else format_p_cell)
            for name, held in pairs[["statistic", "p_value", "p_adjusted"]].items()
        }
    )
    table = printed[[name for name in columns if name in printed]].rename(columns=columns)
    return (
        table
        if "Note" in table and table["Note"].any()
        else table.drop(columns="Note", errors="ignore")
    )


def _digits(value: float) -> str:
    return "–" if pd.isna(value) else f"{value:.2f}"


def numbers_table(result: GroupSurvival, unit: TimeUnit) -> pd.DataFrame:
    """The numbers behind the curves: every step of every group, times in the unit given."""
    parts = []
    for curve in result.drawn:
        if curve.km is None:
            continue
        table = curve.km.table.copy()
        table["time"] /= MONTHS_PER_YEAR if unit == "years" else 1.0
        table.insert(0, "group", curve.name)
        parts.append(table.rename(columns={"time": f"time_{unit}"}))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def reading(result: GroupSurvival, read_at: int | None = None) -> list[str]:
    """The result in plain words, one sentence each, from rules.

    Parameters
    ----------
    read_at
        The year at which the curves are read; None for the latest of 5, 3 and 1.
    """
    sentences = []
    drawn = result.drawn
    year = _year_to_read(result, read_at)
    if year is not None and result.n_events:
        if read_at is not None and year < read_at:
            sentences.append(not_followed(read_at, year))
        sentences += [_at_year(result, curve, year) for curve in drawn[:6]]
        if len(drawn) > 6:
            sentences.append(f"The other {len(drawn) - 6} groups are in the table.")
    if result.p_value is not None:
        within = f", within strata of {mid_sentence(result.strata)}" if result.strata else ""
        verdict = "differ" if result.p_value < 0.05 else "do not differ clearly"
        sentences.append(
            f"The curves {verdict} ({result.test_method}{within}, {format_p(result.p_value)})."
        )
        ratio = hazard_ratio(result)
        if ratio is not None:
            sentences.append(
                f"Hazard ratio of {ratio.group} against {ratio.reference}: "
                f"{format_ratio(ratio.hr, ratio.lower, ratio.upper)}."
            )
        if result.untested:
            sentences.append(f"Not in the test: {too_small(result.untested)}.")
    elif len(result.curves) > 1 and result.p_note:
        sentences.append(result.p_note)
    if result.trend is not None and result.trend.df:
        sentences.append(
            "Trend over the ordered groups: "
            f"{format_p(result.trend.p_value)} (1 degree of freedom)."
        )
    return sentences


def not_followed(asked: int, year: int) -> str:
    """Why another year is read than the one that was asked for."""
    return (
        f"Not every group is still followed at {count(asked, 'year')}: it is read at "
        f"{count(year, 'year')}."
    )


def _year_to_read(result: GroupSurvival, read_at: int | None) -> int | None:
    """The year asked for, or the latest before it, at which every drawn group is followed."""
    latest = max(YEARS) if read_at is None else read_at
    for year in sorted(years_with(read_at), reverse=True):
        if year > latest:
            continue
        at = [
            int(curve.km.at([year * MONTHS_PER_YEAR])["n_risk"].iloc[0])
            for curve in result.drawn
            if curve.km is not None
        ]
        if at and min(at) > 0:
            return year
    return None


def _at_year(result: GroupSurvival, curve: GroupCurve, year: int) -> str:
    if curve.km is None:
        return ""
    at = curve.km.at([year * MONTHS_PER_YEAR]).iloc[0]
    label = result.endpoint.event_label
    state = "alive" if label == "death" else f"free of {label}"
    name = "" if not result.label else f"{curve.name}: "
    start = "At" if not name else "at"
    return (
        f"{name}{start} {count(year, 'year')} "
        f"{format_percent_ci(at['survival'], at['lower'], at['upper'])} of {curve.n:,} were "
        f"{state}; {int(at['n_risk']):,} still at risk."
    )


def cautions(result: GroupSurvival, unit: TimeUnit) -> list[str]:
    """What limits the test, in words: few events, hazards not proportional, curves that cross."""
    if result.test is None:
        return []
    found = []
    if result.n_events < FEW_EVENTS:
        found.append(
            f"There are only {count(result.n_events, 'event')}: a p-value from so few changes with "
            "a handful of patients, so do not lean on it."
        )
    p_value = proportional_hazards(result.outcome)
    if p_value < _DOUBTFUL:
        found.append(
            f"The hazards are not proportional (Grambsch-Therneau {format_p(p_value)}): one hazard "
            "ratio would average over time. The difference at chosen times and the restricted mean "
            "do not need it."
        )
    crossed = crossings(result.by_name)
    found += [_crossing(crossing, unit) for crossing in crossed[:_MOST_CROSSINGS]]
    if len(crossed) > _MOST_CROSSINGS:
        found.append(f"{len(crossed) - _MOST_CROSSINGS} further pairs of curves cross.")
    return found


def _crossing(crossing: Crossing, unit: TimeUnit) -> str:
    first, later = crossing.first_ahead, crossing.later_ahead
    return (
        f"The curves of {first} and {later} cross near {format_time(crossing.time, unit)} {unit}: "
        f"{first} is ahead before, {later} after. A test over all times sets the two off against "
        "each other."
    )


def survival_title(result: GroupSurvival) -> str:
    """Title of the figure: what, by what, in how many."""
    by = f" by {mid_sentence(result.label)}" if result.label else ""
    return f"{result.endpoint.label}{by}, {count(result.analysed, 'patient')}"
