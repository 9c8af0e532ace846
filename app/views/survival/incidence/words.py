"""What cumulative incidence by group says: in words, and in the tables beside the figure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from app.analysis.competing_risks import GrayTest, GroupModel
from app.study.accounting import Accounting
from app.study.methods import columns_of
from app.study.outcomes import too_small
from app.study.wording import (
    MONTHS_PER_YEAR,
    TimeUnit,
    count,
    format_interval,
    format_p,
    format_percent,
    format_percent_ci,
    format_years,
    listing,
    mid_sentence,
)
from app.views.survival.curves.analysis import YEARS, years_with
from app.views.survival.curves.words import not_followed
from app.views.survival.incidence.analysis import GroupIncidence
from app.views.survival.incidence.estimates import COMPETING, EVENT, GroupEstimate
from data_loaders.arrays import Floats

MOST_READ = 6
WHICH_QUESTION = (
    "The cause-specific hazard ratio says how much faster the event comes to those who are still "
    "free of both events: the question of why it happens. The subdistribution hazard ratio says "
    "how much more of a group will come to have it, deaths counted: the question of who will. "
    "Report both, and never give one for the other."
)


def summary_table(result: GroupIncidence, read_at: int | None = None) -> pd.DataFrame:
    """One row a group: n, events of both kinds, incidence at 1, 3 and 5 years, the wrong 1 - KM.

    Numbers are printed as they stand in a paper; ``numbers_table`` has them unrounded.
    """
    rows, years = [], years_with(read_at)
    for group in result.estimates:
        row: dict[str, object] = {
            "Group": group.name,
            "n": group.n,
            "Events": group.events,
            "Competing": group.competing,
        }
        at = group.at(_months(years))
        for position, year in enumerate(years):
            row[f"{year}-year (95% CI)"] = (
                "–"
                if at.empty
                else format_percent_ci(*at.loc[position, ["incidence", "lower", "upper"]])
            )
        row[f"Competing, {years[-1]}-year"] = (
            "–" if at.empty else format_percent(at["competing"].iloc[-1])
        )
        row[f"Wrong 1 − KM, {years[-1]}-year"] = (
            "–" if at.empty else format_percent(at["naive"].iloc[-1])
        )
        rows.append(row)
    return pd.DataFrame(rows)


def numbers_table(result: GroupIncidence, unit: TimeUnit) -> pd.DataFrame:
    """The numbers behind the curves: every step of every group and event, times in the unit."""
    labels = {EVENT: result.event_label, COMPETING: result.competing_label}
    parts = []
    for group in result.drawn:
        if group.incidence is None or group.naive is None:
            continue
        table = group.incidence.table.copy()
        naive = pd.Series(1.0 - group.naive.survival, index=group.naive.time)
        wrong = naive.reindex(table["time"], method="ffill").to_numpy()
        table["wrong_1_minus_km"] = np.where(table["cause"] == EVENT, wrong, np.nan)
        table["time"] /= MONTHS_PER_YEAR if unit == "years" else 1.0
        table["cause"] = table["cause"].map(labels)
        table.insert(0, "group", group.name)
        parts.append(table.rename(columns={"time": f"time_{unit}", "cause": "event"}))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _months(years: Sequence[int]) -> Floats:
    return MONTHS_PER_YEAR * np.array(years, dtype=float)


def milestones_table(result: GroupIncidence, read_at: int | None = None) -> pd.DataFrame:
    """The estimates at 1, 3 and 5 years unrounded, one row a group and year.

    Parameters
    ----------
    read_at
        A year more.

    Returns
    -------
    DataFrame
        group, year, n_risk, incidence, lower, upper, competing, competing_lower, competing_upper,
        event_free, wrong_1_minus_km; empty where nothing was estimated.
    """
    parts, years = [], years_with(read_at)
    for group in result.drawn:
        table = group.at(_months(years)).rename(columns={"naive": "wrong_1_minus_km"})
        table["time"] = years
        table.insert(0, "group", group.name)
        parts.append(table.rename(columns={"time": "year"}))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def effects_table(result: GroupIncidence) -> pd.DataFrame:
    """One row a group: hazard ratios as printed, with the reason where a group has none.

    Empty where nothing was compared; ``effects_numbers`` has them unrounded.
    """
    effects = result.effects
    if effects is None or not effects.reference:
        return pd.DataFrame()
    models = {
        "Cause-specific": effects.cause_specific,
        "Subdistribution": effects.subdistribution,
        "Competing event, cause-specific": effects.competing,
    }
    rows = []
    for group in result.estimates:
        row: dict[str, object] = {"Group": group.name, "n": group.n, "Events": group.events}
        reason = effects.left_out.get(group.name, "")
        for name, model in models.items():
            row[f"{name} HR (95% CI)"] = _ratio(model, group.name) or reason or "–"
        rows.append(row)
    return pd.DataFrame(rows)


def effects_numbers(result: GroupIncidence) -> pd.DataFrame:
    """The hazard ratios unrounded, one row a model and group.

    Returns
    -------
    DataFrame
        model, event, group, reference, n, events (of the whole model), coef, se, hr, lower, upper,
        p_value; empty where nothing was compared.
    """
    effects = result.effects
    if effects is None:
        return pd.DataFrame()
    models = {
        result.event_label: effects.cause_specific,
        f"incidence of {result.event_label}": effects.subdistribution,
        result.competing_label: effects.competing,
    }
    parts = []
    for event, model in models.items():
        if model is None:
            continue
        told = {"reference": model.reference, "n": model.n, "events": model.events}
        part = model.summary.assign(model=model.method, event=event, **told)
        first = ["model", "event", "group", *told]
        parts.append(part[[*first, *(name for name in part.columns if name not in first)]])
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _ratio(model: GroupModel | None, group: str) -> str:
    """A hazard ratio with its interval and p-value, as printed; empty where there is none."""
    if model is None:
        return ""
    if group == model.reference:
        return "1 (reference)"
    own = model.summary[model.summary["group"] == group]
    if own.empty:
        return ""
    row = own.iloc[0]
    ratio = format_interval(row["hr"], row["lower"], row["upper"])
    return f"{ratio}, {format_p(row['p_value'])}"


def reading(result: GroupIncidence, read_at: int | None = None) -> list[str]:
    """The result in plain words, one sentence each, from rules; read at a year, or the latest."""
    sentences = []
    drawn = result.drawn
    year = _year_to_read(drawn, read_at)
    if year is not None:
        if read_at is not None and year < read_at:
            sentences.append(not_followed(read_at, year))
        sentences += [_at_year(result, group, year) for group in drawn[:MOST_READ]]
        if len(drawn) > MOST_READ:
            sentences.append(f"The other {len(drawn) - MOST_READ} groups are in the table.")
    if result.gray_event is not None:
        sentences.append(_verdict(result.event_label, result.gray_event))
        if result.gray_competing is not None:
            sentences.append(_verdict(result.competing_label, result.gray_competing))
        if result.untested:
            sentences.append(f"Not in the tests: {too_small(result.untested)}.")
    elif len(result.estimates) > 1 and result.p_note:
        sentences.append(result.p_note)
    return sentences + _ratio_in_words(result)


def _year_to_read(drawn: tuple[GroupEstimate, ...], read_at: int | None) -> int | None:
    """The year asked for, or the latest before it, at which every drawn group is followed."""
    latest = max(YEARS) if read_at is None else read_at
    asked = [year for year in years_with(read_at) if year <= latest]
    followed = [group.at(_months(asked))["n_risk"].to_numpy() > 0 for group in drawn]
    if not followed:
        return None
    years = np.array(asked)[np.all(followed, axis=0)]
    return int(years[-1]) if len(years) else None


def _at_year(result: GroupIncidence, group: GroupEstimate, year: int) -> str:
    at = group.at(MONTHS_PER_YEAR * year).iloc[0]
    name = f"{group.name}: at" if result.label else "At"
    wrong = format_percent(at["naive"])
    told = f" 1 − Kaplan-Meier would have said {wrong}."
    if wrong == format_percent(at["incidence"]):
        told = ""
    return (
        f"{name} {count(year, 'year')} "
        f"{format_percent_ci(at['incidence'], at['lower'], at['upper'])} had {result.event_label} "
        f"and {format_percent(at['competing'])} had died without it; {int(at['n_risk']):,} still "
        f"at risk.{told}"
    )


def _verdict(label: str, test: GrayTest) -> str:
    verb = "differs" if test.p_value < 0.05 else "does not differ clearly"
    return (
        f"The incidence of {label} {verb} between the groups ({test.method}, "
        f"{count(test.df, 'degree')} of freedom, {format_p(test.p_value)})."
    )


def _ratio_in_words(result: GroupIncidence) -> list[str]:
    """Both hazard ratios of the event, where there are two groups; or why there are none."""
    effects = result.effects
    if effects is None:
        return []
    if not effects.reference:
        return list(effects.notes) if not result.p_note else []
    models = {
        "cause-specific": effects.cause_specific,
        "subdistribution": effects.subdistribution,
    }
    fitted = {name: model for name, model in models.items() if model is not None}
    if not fitted or any(len(model.summary) != 1 for model in fitted.values()):
        return []
    other = next(iter(fitted.values())).summary["group"].iloc[0]
    ratios = [f"{name} {_ratio(model, other)}" for name, model in fitted.items()]
    return [
        f"Hazard ratio of {result.event_label}, {other} against {effects.reference}: "
        f"{'; '.join(ratios)}."
    ]


def incidence_methods(result: GroupIncidence) -> list[str]:
    """Paragraphs of what was estimated, tested and modelled."""
    who = Accounting.of(result.outcome).methods()
    return [
        " ".join(text for text in (who, _grouped(result), _endpoint(result)) if text),
        _estimated(result),
        _tested(result),
        _modelled(result),
        " ".join(result.notes),
    ]


def _grouped(result: GroupIncidence) -> str:
    if not result.label:
        return ""
    sizes = [
        f"{group.name} (n = {group.n:,}, {count(group.events, 'event')}, "
        f"{group.competing:,} competing)"
        for group in result.estimates
    ]
    return f"They were grouped by {mid_sentence(result.label)}: {listing(sizes)}."


def _endpoint(result: GroupIncidence) -> str:
    endpoint = result.endpoint
    events = sum(group.events for group in result.estimates)
    competing = sum(group.competing for group in result.estimates)
    words = (
        f"The endpoint was {mid_sentence(endpoint.label)}, the time to {endpoint.event_label} "
        f"({count(events, 'event')}), with {result.competing_label} ({competing:,}) as the "
        f"competing event, from {columns_of(endpoint)}."
    )
    if result.outcome.entry is not None:
        words += f" Patients were at risk from their entry on (column {endpoint.entry})."
    elif endpoint.entry is not None:
        words += (
            f" Entry times (column {endpoint.entry}) were not used: patients count as at risk from "
            "time zero."
        )
    limit = result.outcome.limit
    if limit is not None:
        words += (
            f" Follow-up was ended at {format_years(limit)} (administrative censoring): "
            "later events do not count in any number."
        )
    return words


def _estimated(result: GroupIncidence) -> str:
    methods = {group.incidence.method for group in result.drawn if group.incidence is not None}
    if not methods:
        return ""
    return (
        f"{methods.pop()} (variance as in cmprsk). Competing events are not censored; one minus "
        "Kaplan-Meier, which censors them, is shown only to tell how far it overstates the risk."
    )


def _tested(result: GroupIncidence) -> str:
    if not result.label:
        return ""
    if result.gray_event is None:
        return result.p_note
    words = f"{gray_methods(result.gray_event)} The test was repeated for the competing event."
    if result.gray_competing is None:
        words = gray_methods(result.gray_event)
    if result.untested:
        words += f" Not in the tests: {too_small(result.untested)}."
    if result.has_pairs:
        words += (
            " Pairs of groups were compared by the same test, with p-values adjusted by Holm's "
            "method."
        )
    return words


def _modelled(result: GroupIncidence) -> str:
    effects = result.effects
    if effects is None:
        return ""
    if not effects.reference:
        return " ".join(effects.notes)
    fitted = {
        f"{result.event_label}": effects.cause_specific,
        f"{result.competing_label}": effects.competing,
        f"the incidence of {result.event_label}": effects.subdistribution,
    }
    models = [
        f"{model.method} for {name} ({count(model.n, 'patient')}, {count(model.events, 'event')})"
        for name, model in fitted.items()
        if model is not None
    ]
    left_out = [f"{name} ({reason})" for name, reason in effects.left_out.items()]
    sentences = []
    if models:
        sentences.append(
            f"Hazard ratios against {effects.reference} with 95% Wald intervals: {listing(models)}."
        )
    model = effects.cause_specific
    if model is not None and model.ph_p_value is not None:
        sentences.append(
            "Proportional hazards were tested by the score test of Grambsch and Therneau over "
            "Kaplan-Meier transformed time."
        )
    if left_out:
        sentences.append(f"Not in the models: {listing(left_out)}.")
    return " ".join([*sentences, *effects.notes, WHICH_QUESTION])


def gray_methods(test: GrayTest) -> str:
    """Gray's test: strata, weight, events; says why where it has no answer."""
    if not test.df:
        return f"No p-value is given. {test.note}"
    return (
        f"Cumulative incidences were compared by {test.method} "
        f"({count(test.df, 'degree')} of freedom, {count(test.n, 'patient')}, "
        f"{count(test.events, 'event')} of interest)."
    )
