"""The coordinator's side: rounds over the sites' replies, to the model of all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from app.analysis.likelihood import Maximum, few_events, summarise
from app.analysis.regression import after_rounds, cox, one_shot, summed
from app.cohort.tally import TallyError
from app.views.pooled.rounds.files import ONE_SHOT, Reply, Request, Round, SiteCounts
from app.views.pooled.rounds.model import FEWEST_SITES, Model
from app.views.pooled.rounds.site import lead_data
from data_loaders import Cohort

_SLACK = 1e-6


@dataclass(frozen=True, eq=False)
class AcrossSites:
    """A Cox model over sites, stratified by site.

    Attributes
    ----------
    summary
        As of :class:`app.analysis.regression.CoxModel`: term, coef, se, hr, lower, upper, p_value.
    rounds
        How many it took.
    exact
        Whether it is the model of the pooled rows; the one-shot estimate comes close.
    log_likelihood
        At the estimate; NaN of one shot.
    likelihood_ratio
        Chi-squared, degrees of freedom and p-value; None of one shot.
    """

    model: Model
    summary: pd.DataFrame
    covariance: np.ndarray
    sites: pd.DataFrame
    rounds: int
    exact: bool
    log_likelihood: float
    likelihood_ratio: tuple[float, int, float] | None
    notes: tuple[str, ...]

    @property
    def n(self) -> int:
        """Patients of all sites."""
        return int(self.sites["n"].sum())

    @property
    def events(self) -> int:
        """Events of all sites."""
        return int(self.sites["events"].sum())


def first_request(model: Model, sites: Sequence[str], coordinator: str) -> Request:
    """The first round: at coefficients of zero.

    Raises
    ------
    TallyError
        If there are fewer than three sites, or two of one name.
    """
    names = tuple(name.strip() for name in sites if name.strip())
    if len(set(names)) < len(names):
        raise TallyError("Two sites have the same name: give each its own.")
    if len(names) < FEWEST_SITES:
        raise TallyError(
            f"A model over sites needs at least {FEWEST_SITES}: of two, each could take its own "
            "sums away and have the other's."
        )
    if not coordinator.strip():
        raise TallyError("Say who asks: the sites want to know.")
    return Request(coordinator.strip(), model, names, (0.0,) * len(model.terms))


def one_shot_request(model: Model, sites: Sequence[str], coordinator: str, lead: Cohort) -> Request:
    """One round at the lead site's own estimate, from which all sites' is approximated.

    Raises
    ------
    TallyError
        As :func:`first_request`, or if the lead site alone has no estimate.
    """
    request = first_request(model, sites, coordinator)
    _, time, event, entry, x = model.patients(lead)
    frame = pd.DataFrame(x, columns=[f"x{i}" for i in range(x.shape[1])])
    names = list(frame.columns)
    frame = frame.assign(time=time, event=event)
    if entry is not None:
        frame["entry"] = entry
    try:
        own = cox(frame, "time", "event", names, None if entry is None else "entry", firth=False)
    except ValueError as error:
        raise TallyError(f"{lead.name} alone has no estimate to start from: {error}") from error
    return replace(request, beta=tuple(own.summary["coef"]), purpose=ONE_SHOT)


def after_replies(request: Request, replies: Sequence[Reply]) -> Request | AcrossSites:
    """What follows from one round: the next request, or the model.

    Raises
    ------
    TallyError
        If a reply is missing, is not to this request, cannot be true, or there is no model.
    """
    here = _summed(request, replies)
    history = (*request.history, here)
    try:
        found = after_rounds(
            [held.likelihood for held in history],
            sum(counts.events for counts in here.sites.values()),
            request.model.names,
        )
    except ValueError as error:
        raise TallyError(str(error)) from error
    if not isinstance(found, Maximum):
        return replace(request, beta=tuple(found.tolist()), history=history)
    return _model(request.model, found, here.sites, rounds=len(history), exact=True)


def after_one_shot(
    request: Request, replies: Sequence[Reply], lead: Cohort, site: str
) -> AcrossSites:
    """The one-shot approximation from one round, with the lead site's rows.

    Parameters
    ----------
    lead, site
        The lead site's patients, and its name among the replies.

    Raises
    ------
    TallyError
        As :func:`after_replies`, or if the lead site is not among the replies.
    """
    here = _summed(request, replies)
    order = [reply.site for reply in replies]
    if request.purpose != ONE_SHOT or site not in order:
        raise TallyError(f"{site} is not the lead site of this request.")
    data, x = lead_data(request, lead)
    parts = [reply.likelihood for reply in replies]
    try:
        found = one_shot(data, x, parts, order.index(site), request.model.names)
    except ValueError as error:
        raise TallyError(str(error)) from error
    return _model(request.model, found, here.sites, rounds=1, exact=False)


def _summed(request: Request, replies: Sequence[Reply]) -> Round:
    by_site = {reply.site: reply for reply in replies}
    if len(by_site) < len(replies):
        raise TallyError("A site replied twice: keep one of its replies.")
    for reply in replies:
        if reply.site not in request.sites or reply.request != request.digest:
            raise TallyError(
                f"The reply of {reply.site} is to another request: open the replies to round "
                f"{request.number}."
            )
        _check(reply, request)
    if missing := [site for site in request.sites if site not in by_site]:
        raise TallyError(f"The reply of {', '.join(missing)} to round {request.number} is missing.")
    ordered = [by_site[site] for site in request.sites]
    sites = {reply.site: reply.counts for reply in ordered}
    for held in request.history:
        for site, counts in held.sites.items():
            if counts != sites[site]:
                raise TallyError(f"The data of {site} changed between the rounds: start again.")
    whole = summed([reply.likelihood for reply in ordered])
    return Round(replace(whole, beta=np.array(request.beta)), sites)


def _check(reply: Reply, request: Request) -> None:
    """Refuse sums that no patients can have; what is possible and untrue cannot be told."""
    held, n, events = reply.likelihood, reply.counts.n, reply.counts.events
    same = held.beta.shape == (len(request.beta),) and np.array_equal(held.beta, request.beta)
    possible = same and 0 < events <= n and held.log_likelihood <= _SLACK
    if possible and not any(request.beta):
        # At zero everyone at risk weighs the same: each event takes at most log n.
        possible = held.log_likelihood >= -events * np.log(n) - _SLACK
    if possible:
        possible = bool(
            np.allclose(held.information, held.information.T, rtol=_SLACK, atol=_SLACK)
            and np.linalg.eigvalsh(held.information)[0]
            >= -_SLACK * (1 + np.abs(held.information).max())
        )
    for place, term in enumerate(request.model.terms):
        if possible and term.level is not None:
            # Of a yes or no the variance is at most a quarter, and an event adds at most one.
            possible = (
                held.information[place, place] <= events / 4 + _SLACK
                and abs(held.score[place]) <= events + _SLACK
            )
    if not possible:
        raise TallyError(
            f"The reply of {reply.site} holds sums that no {n} patients with {events} events can "
            "have: ask the site to look into it."
        )


def _model(
    model: Model, found: Maximum, sites: Mapping[str, SiteCounts], *, rounds: int, exact: bool
) -> AcrossSites:
    covariance = np.linalg.inv(found.information)
    counts = [(name, held.n, held.events) for name, held in sites.items()]
    table = pd.DataFrame(counts, columns=["site", "n", "events"])
    test = None
    if exact:
        deviance = max(0.0, 2 * (found.log_likelihood - found.null_log_likelihood))
        test = (deviance, len(found.beta), float(chdtrc(len(found.beta), deviance)))
    return AcrossSites(
        model=model,
        summary=summarise(model.terms, found.beta, covariance, 0.95),
        covariance=covariance,
        sites=table,
        rounds=rounds,
        exact=exact,
        log_likelihood=found.log_likelihood if exact else float("nan"),
        likelihood_ratio=test,
        notes=tuple(few_events(int(table["events"].sum()), len(found.beta))),
    )
