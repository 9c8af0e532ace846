"""A site's side: what it is asked, whether it may say it, and its reply."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.analysis.regression import after_rounds, largest_share, likelihood_at
from app.analysis.survival_input import SurvivalData, survival_data
from app.cohort.tally import SiteRecord, TallyError, digest_of
from app.views.pooled.rounds.files import ONE_SHOT, Reply, Request, SiteCounts, rounded
from data_loaders import Cohort
from data_loaders.arrays import Floats

# Information of the sums that is rounding, as a share of its diagonal.
_SLACK = 1e-6


@dataclass(frozen=True)
class RoundsPolicy:
    """What a site says of its patients in a Cox model.

    Attributes
    ----------
    minimum
        No patient may make up more than one part in so many: of any combination of the covariates
        (leverage), or of the weights that the coefficients give. And a selection that differs from
        an earlier one differs by at least so many.
    events_per_term
        Fewest events of the site for each term.
    rounds
        Most rounds of one model.
    told
        Numbers told of these patients, all models together, as a share of the numbers held of them
        (patients times covariates).
    """

    minimum: int = 5
    events_per_term: int = 10
    rounds: int = 12
    told: float = 0.5


def reply_to(
    request: Request, cohort: Cohort, site: str, policy: RoundsPolicy, record: SiteRecord
) -> tuple[Reply, SiteRecord]:
    """Answer one round, or refuse in one sentence.

    Parameters
    ----------
    record
        What it has told so far.

    Returns
    -------
    tuple
        The reply, and the record with it.

    Raises
    ------
    TallyError
        If the site is not asked, cannot answer, or its policy forbids it.
    """
    if site not in request.sites:
        raise TallyError(
            f"The request is for {', '.join(request.sites)}: use the name by which it knows this "
            "site."
        )
    if request.number > policy.rounds:
        raise TallyError(f"This site answers at most {policy.rounds} rounds of a model.")
    who, time, event, entry, x = request.model.patients(cohort)
    events, terms = int(event.sum()), x.shape[1]
    fewest = max(policy.events_per_term * terms, policy.minimum)
    if events < fewest:
        raise TallyError(
            f"This site has fewer than {fewest} events among the patients asked for, "
            f"{policy.events_per_term} for each term: it cannot take part in this model."
        )
    beta = np.array(request.beta)
    _check_isolation(x, beta, request.model.names, policy.minimum)
    _check_rounds(request, site)
    record.check(cohort, who, policy.minimum)
    numbers = 1 + terms + terms * (terms + 1) // 2
    asked = tuple(request.model.names)
    others = [held for held in record.told if held.answer != request.digest]
    before = sum(held.numbers for held in others)
    if request.purpose == ONE_SHOT and any(set(held.asked) == set(asked) for held in others):
        raise TallyError(
            "This site has answered about these covariates before: one shot may start anywhere, so "
            "it is answered first and once."
        )
    variables = {name for held in record.told for name in held.asked} | set(asked)
    if before + numbers > policy.told * len(x) * len(variables):
        raise TallyError(
            f"This site has told {before} numbers of these patients in rounds: more could let rows "
            "be put together again, so it answers no further one."
        )
    data = survival_data(time, event, entry)
    mark = digest_of({"data": cohort.fingerprint, "model": request.model.digest})[:16]
    counts = SiteCounts(len(x), events, mark)
    _check_share(request, site, counts, data, x)
    reply = Reply(site, request.digest, rounded(likelihood_at(data, x, beta)), counts)
    return reply, record.noted(cohort, who, request.digest, numbers=numbers, asked=asked)


def _check_share(
    request: Request, site: str, counts: SiteCounts, data: SurvivalData, x: Floats
) -> None:
    """The sums of the rounds before must hold what this site has told, and something besides."""
    for held in request.history:
        own = likelihood_at(data, x, held.likelihood.beta)
        rest = held.likelihood.information - own.information
        least = -_SLACK * float(np.abs(held.likelihood.information).max())
        if held.sites[site] != counts or np.linalg.eigvalsh(rest)[0] < least:
            raise TallyError(
                "The sums of a round before cannot hold this site's own: the data changed, or they "
                "are made up; start again."
            )


def lead_data(request: Request, cohort: Cohort) -> tuple[SurvivalData, Floats]:
    """Follow-up and covariates of a site's own patients, for its own use.

    Raises
    ------
    TallyError
        If the cohort cannot answer the request.
    """
    _, time, event, entry, x = request.model.patients(cohort)
    return survival_data(time, event, entry), x


def _check_isolation(x: Floats, beta: Floats, names: list[str], minimum: int) -> None:
    for column, name in zip(x.T, names, strict=True):
        if np.isin(column, (0.0, 1.0)).all() and min(column.sum(), (1 - column).sum()) < minimum:
            raise TallyError(
                f"Fewer than {minimum} patients of this site have, or lack, {name}: the sums would "
                "tell about them, so leave it out."
            )
    leverage, weight = largest_share(x, beta)
    if leverage > 1 / minimum:
        raise TallyError(
            f"The covariates together single out fewer than {minimum} patients of this site: leave "
            "one out, or merge levels."
        )
    if weight > 1 / minimum:
        raise TallyError(
            f"At these coefficients fewer than {minimum} patients would outweigh all others of "
            "this site: it does not answer."
        )


def _check_rounds(request: Request, site: str) -> None:
    """The coefficients must follow from the rounds before, and these hold this site's share."""
    for held in request.history:
        if set(held.sites) != set(request.sites) or site not in held.sites:
            raise TallyError("The rounds before were of other sites: start again.")
    if request.purpose == ONE_SHOT:
        # Any start may be asked once; its isolation was checked, and it has no further round.
        if request.history:
            raise TallyError("One shot has one round: start again.")
        return
    events = sum(c.events for c in request.history[0].sites.values()) if request.history else 1
    try:
        expected = after_rounds(
            [held.likelihood for held in request.history], events, request.model.names
        )
    except ValueError as error:
        raise TallyError(str(error)) from error
    if not isinstance(expected, np.ndarray):
        raise TallyError("The rounds before have already reached the maximum: nothing is asked.")
    if not np.allclose(expected, request.beta, rtol=_SLACK, atol=_SLACK):
        raise TallyError(
            "The coefficients are not those that Newton's method gives after the rounds before: "
            "this site answers no chosen ones."
        )
