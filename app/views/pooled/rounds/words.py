"""What a model over sites says, in sentences; what a request asks; how it came about."""

from __future__ import annotations

import pandas as pd

from app.study.files.software import product
from app.study.wording import count, format_p, format_ratio, mid_sentence
from app.views.pooled.rounds.coordinator import AcrossSites
from app.views.pooled.rounds.files import ONE_SHOT, Request
from app.views.pooled.rounds.model import LEVELS, NUMBER, Covariate, Model
from data_loaders.wording import listing


def labels_of(model: Model) -> list[str]:
    """Every term for people: ``Sex: M against F``, ``Age at diagnosis, per 10 years``."""
    found = []
    for covariate in model.covariates:
        if covariate.kind == NUMBER:
            found.append(f"{covariate.label}, per {covariate.per:g} {covariate.unit}".strip())
        elif covariate.kind == LEVELS:
            reference = covariate.levels[0]
            found += [f"{covariate.label}: {x} against {reference}" for x in covariate.levels[1:]]
        else:
            found.append(f"{covariate.label} altered")
    return found


def asked_in_words(request: Request) -> list[str]:
    """What a site is asked to say, for whoever decides on it."""
    model = request.model
    said = [
        f"{request.coordinator} asks {listing(list(request.sites))} for a Cox model of "
        f"{mid_sentence(model.label)}, of {model.selected.describe()}.",
        f"Covariates: {'; '.join(map(_covariate, model.covariates))}.",
    ]
    if request.purpose == ONE_SHOT:
        said.append("One exchange, from which the model of all sites is approximated (ODAC).")
    else:
        said.append(f"Round {request.number}; as a rule there are five to eight.")
    terms = len(model.terms)
    sums = 1 + terms + terms * (terms + 1) // 2
    said.append(
        f"The reply holds the numbers of patients and events and {sums} sums over them, no row of "
        "a patient."
    )
    return said


def _covariate(held: Covariate) -> str:
    if held.kind == NUMBER:
        return f"{held.label} ({held.unit})" if held.unit else held.label
    return f"{held.label} ({', '.join(held.levels)})" if held.kind == LEVELS else held.label


def sums_named(result: AcrossSites) -> str:
    """What the sites told, by their names."""
    named = [
        f"{row.site} ({count(int(row.n), 'patient')}, {count(int(row.events), 'event')})"
        for row in result.sites.itertuples()
    ]
    return f"the sums of {listing(named)}"


def across_title(result: AcrossSites) -> str:
    """What is shown, and of how many."""
    form = "" if result.exact else ", one-shot approximation"
    many = f"{count(result.n, 'patient')}, {count(result.events, 'event')}"
    return f"{result.model.label}: Cox model over {len(result.sites)} sites{form}, {many}"


def across_reading(result: AcrossSites) -> list[str]:
    """A sentence for each term, and one for the model."""
    said = []
    for label, row in zip(labels_of(result.model), result.summary.to_dict("records"), strict=True):
        ratio = format_ratio(row["hr"], row["lower"], row["upper"])
        said.append(f"{label}: hazard ratio {ratio}, {format_p(row['p_value'])}.")
    if result.exact:
        said.append(
            f"Exact: {count(result.rounds, 'round')} of sums give the model of the pooled rows, "
            "stratified by site."
        )
    else:
        said.append(
            "An approximation (ODAC) from one exchange: its error is not known before the rounds "
            "are done; in three published cohorts, each split in three, it was below 0.03 standard "
            "errors."
        )
    return [*said, *result.notes]


def across_methods(result: AcrossSites) -> str:
    """The methods paragraph."""
    model, sites = result.model, result.sites
    counts = [f"{s.site} {s.n:,} patients, {s.events:,} events" for s in sites.itertuples()]
    parts = [
        f"{model.label} was modelled in {len(sites)} sites ({'; '.join(counts)}) by Cox's "
        "proportional hazards with Efron's handling of ties, stratified by site; complete cases. "
        f"Covariates: {'; '.join(labels_of(model))}. No row of a patient left a site."
    ]
    if result.exact:
        parts.append(
            f"In {count(result.rounds, 'round')} each site returned its log partial likelihood, "
            "gradient and Hessian at common coefficients (Lu et al. 2015); their sums were "
            "maximised by Newton's method, which gives the estimates of the pooled rows."
        )
    else:
        parts.append(
            "Each site returned its gradient and Hessian at the lead site's estimate once, and the "
            "lead site's likelihood, corrected by them, was maximised (ODAC with the second-order "
            "term, Duan et al. 2020): an approximation of the model of the pooled rows."
        )
    return " ".join([*parts, f"{product()}."])


def compared(exact: AcrossSites, near: AcrossSites) -> str:
    """How far the one-shot estimate is from the exact one, in standard errors."""
    off = (near.summary["coef"] - exact.summary["coef"]).abs() / exact.summary["se"]
    return (
        f"The one-shot approximation (ODAC) differs from the exact model by at most "
        f"{off.max():.3f} standard errors."
    )


def forest_rows(result: AcrossSites) -> pd.DataFrame:
    """Rows of a forest plot, one a term."""
    table = result.summary[["hr", "lower", "upper", "p_value"]]
    return table.assign(label=labels_of(result.model))
