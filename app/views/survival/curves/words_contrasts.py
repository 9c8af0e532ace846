"""Methods of what stands beside survival curves: differences, means, conditional survival."""

from __future__ import annotations

from app.study.wording import TimeUnit, count, format_p, in_unit, listing
from app.views.survival.curves.analysis import GroupSurvival
from app.views.survival.curves.shape import hazards_model
from app.views.survival.curves.words_sheets import AskedTimes


def contrast_methods(result: GroupSurvival, unit: TimeUnit, asked: AskedTimes) -> str:
    """How the groups were compared at chosen times, in mean, and given survival so far.

    Parameters
    ----------
    result
        Curves by group.
    unit
        Unit in which times are told.
    asked
        At which times they were compared.
    """
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
    horizon = asked.horizon_of(result)
    if horizon > 0:
        sentences.append(
            "The restricted mean survival time is the area under the curve to the horizon of "
            f"{_time(horizon, unit)}"
            + (", its differences with Wald intervals and tests." if several else ".")
        )
    sentences.append(
        f"Survival of {_listed(asked.further, unit)} more, given no event by "
        f"{_time(asked.given, unit)}, is S(given + t) / S(given), with an interval on the "
        f"{result.conf_type} scale."
    )
    if several:
        sentences.append("None of these p-values is adjusted for the number of comparisons.")
    return " ".join(sentence for sentence in sentences if sentence)


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


def _listed(months: tuple[float, ...], unit: TimeUnit) -> str:
    values = [f"{in_unit(value, unit):g}" for value in sorted(set(months))]
    return f"{listing(values)} {unit}"


def _time(months: float, unit: TimeUnit) -> str:
    value = in_unit(months, unit)
    return f"{value:g} {unit[:-1] if value == 1 else unit}"
