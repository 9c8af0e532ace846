"""A methods paragraph written from the result itself: it says what was done and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from app.analysis.survival import KaplanMeier, kaplan_meier_of
from app.study.accounting import Accounting
from app.study.methods import columns_of
from app.study.outcomes import too_small
from app.study.wording import (
    TimeUnit,
    count,
    format_p,
    format_time_ci,
    format_years,
    in_unit,
    listing,
    mid_sentence,
)
from app.views.survival.curves.analysis import GroupSurvival
from app.views.survival.curves.contrasts import AskedTimes
from app.views.survival.curves.shape import hazards_model

_ADJUSTMENTS = {
    "holm": "Holm's method",
    "bh": "the method of Benjamini and Hochberg",
    "bonferroni": "Bonferroni's method",
}
_TRUNCATED = "left-truncated"


def survival_methods(result: GroupSurvival, unit: TimeUnit, asked: AskedTimes) -> list[str]:
    """Paragraphs of what was estimated, tested and compared."""
    return [
        *estimate_methods(result),
        _joined([_comparison(result), _trend(result), _pairs(result)]),
        _contrasts(result, unit, asked),
        _joined([result.bias, *result.notes]),
    ]


def estimate_methods(result: GroupSurvival) -> list[str]:
    """Paragraphs of who was followed in which groups, for what, and how curves were estimated."""
    who = Accounting.of(result.outcome).methods()
    return [
        _joined([who, _groups(result)]),
        _joined([_endpoint(result), _limit(result), _followup(result), _curves(result)]),
    ]


def _joined(sentences: Sequence[str]) -> str:
    return " ".join(sentence for sentence in sentences if sentence)


def _groups(result: GroupSurvival) -> str:
    if not result.label:
        return ""
    sizes = [
        f"{curve.name} (n = {curve.n:,}, {count(curve.events, 'event')})" for curve in result.curves
    ]
    return f"They were grouped by {mid_sentence(result.label)}: {listing(sizes)}."


def _endpoint(result: GroupSurvival) -> str:
    endpoint = result.endpoint
    sentence = (
        f"The endpoint was {mid_sentence(endpoint.label)}, the time to {endpoint.event_label} "
        f"({count(result.n_events, 'event')} in {count(result.analysed, 'patient')}), from "
        f"{columns_of(endpoint)}."
    )
    if endpoint.competing is not None:
        sentence += " A competing event counted as censoring at its time in the survival curves."
    if endpoint.entry is not None and not _truncated(result):
        sentence += (
            f" Entry times (column {endpoint.entry}) were not used: patients count as at risk from "
            "time zero."
        )
    return sentence


def _limit(result: GroupSurvival) -> str:
    if result.outcome.limit is None:
        return ""
    return (
        f"Follow-up was ended at {format_years(result.outcome.limit)} (administrative censoring): "
        "later events do not count in any number."
    )


def _followup(result: GroupSurvival) -> str:
    if not result.analysed or _truncated(result):
        return ""
    everyone = kaplan_meier_of(result.outcome.followed[0])
    if everyone.events == everyone.n:
        return ""
    words = format_time_ci(everyone.median_followup, *everyone.median_followup_ci, "years")
    return f"Median follow-up by reverse Kaplan-Meier, years (95% interval): {words}."


def _curves(result: GroupSurvival) -> str:
    estimates = _estimates(result)
    if not estimates:
        return ""
    km = estimates[0]
    error = "Greenwood's" if "Greenwood" in km.method else "Xie and Liu's weighted"
    sentence = (
        f"Survival was estimated by the Kaplan-Meier method with pointwise {km.conf_level:.0%} "
        f"confidence intervals on the {km.conf_type} scale ({error} variance)"
    )
    if _truncated(result):
        sentence += "; patients were at risk from their entry on (left truncation)"
    return (
        f"{sentence}. A median is the first time at which the estimate is at or below 50%, its "
        "limits where the interval is."
    )


def _comparison(result: GroupSurvival) -> str:
    if not result.label:
        return ""
    if result.p_value is None:
        return result.p_note
    within = f" within strata of {mid_sentence(result.strata)}" if result.strata else ""
    compared = f"The curves were compared by the {_lowered(result.test_method)}{within}."
    if result.untested:
        compared += f" Not in the test: {too_small(result.untested)}."
    return compared


def _trend(result: GroupSurvival) -> str:
    if result.trend is None or not result.trend.df:
        return ""
    return (
        "A trend over the ordered groups, scored 1, 2, 3 and so on, was tested with one degree of "
        "freedom (Tarone)."
    )


def _pairs(result: GroupSurvival) -> str:
    if result.p_value is None:
        return ""
    if result.pairwise is None:
        return "No adjustment for multiple testing was made."
    tested = int(result.pairwise["p_value"].notna().sum())
    how = (
        "without adjustment"
        if result.adjust == "none"
        else f"with p-values adjusted by {_ADJUSTMENTS[result.adjust]}"
    )
    return f"Pairs of groups were compared by the same test ({tested} pairs), {how}."


def _contrasts(result: GroupSurvival, unit: TimeUnit, asked: AskedTimes) -> str:
    """How the groups were compared at chosen times, in mean, and given survival so far."""
    if not result.drawn:
        return ""
    several = len(result.drawn) > 1
    sentences = [_hazards(result)] if several else []
    times = _listed(asked.times, unit)
    if several:
        sentences.append(
            f"Survival was compared with that of {next(iter(result.by_name))} at {times} by the "
            "difference of the estimates, with Wald intervals and tests from Greenwood's "
            "variances."
        )
    if asked.horizon > 0:
        sentences.append(
            "The restricted mean survival time is the area under the curve to the horizon of "
            f"{_time(asked.horizon, unit)}"
            + (", its differences with Wald intervals and tests." if several else ".")
        )
    sentences.append(
        f"Survival of {_listed(asked.further, unit)} more, given no event by "
        f"{_time(asked.given, unit)}, is S(given + t) / S(given), with an interval on the "
        f"{result.conf_type} scale."
    )
    if several:
        sentences.append("None of these p-values is adjusted for the number of comparisons.")
    return _joined(sentences)


def _hazards(result: GroupSurvival) -> str:
    model = None if result.test is None else hazards_model(result.outcome)
    if model is None or model.ph_test is None:
        return ""
    statistic, df, p_value = model.ph_test
    return (
        "That the hazards of the groups are proportional was tested by the score test of Grambsch "
        f"and Therneau over Kaplan-Meier transformed time (chi-squared {statistic:.2f}, "
        f"{count(df, 'degree')} of freedom, {format_p(p_value)})."
    )


def _listed(months: Sequence[float], unit: TimeUnit) -> str:
    values = [f"{in_unit(value, unit):g}" for value in sorted(set(months))]
    return f"{listing(values)} {unit}"


def _time(months: float, unit: TimeUnit) -> str:
    value = in_unit(months, unit)
    return f"{value:g} {unit[:-1] if value == 1 else unit}"


def _estimates(result: GroupSurvival) -> list[KaplanMeier]:
    return [curve.km for curve in result.curves if curve.km is not None]


def _truncated(result: GroupSurvival) -> bool:
    return any(_TRUNCATED in km.method for km in _estimates(result))


def _lowered(method: str) -> str:
    """A test's name within a sentence: ``log-rank test``, but ``Peto-Peto test``."""
    return method[:1].lower() + method[1:] if method.startswith("Log-rank") else method
