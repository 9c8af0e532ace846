"""What coordinator and sites send each other: a request and its replies, as small JSON files."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from app.analysis.regression import Likelihood
from app.cohort.tally import Seal, TallyError, digest_of, sealed, unsealed
from app.views.pooled.rounds.model import FEWEST_SITES, MOST_SITES, Model

ROUNDS, ONE_SHOT = "rounds", "one-shot"
_REQUEST, _REPLY, _VERSION = "calr-cox-request", "calr-cox-reply", 1
# Written with as many digits as the method needs: more would only tell more.
_DIGITS = 11


@dataclass(frozen=True)
class SiteCounts:
    """Patients and events of a site, and what tells its data from others."""

    n: int
    events: int
    data: str


@dataclass(frozen=True, eq=False)
class Round:
    """One finished round: the sum of all sites, and what each counted."""

    likelihood: Likelihood
    sites: Mapping[str, SiteCounts]


@dataclass(frozen=True, eq=False)
class Request:
    """What a coordinator asks of every site in one round.

    Attributes
    ----------
    history
        The rounds before this one: whoever is asked can check that these coefficients follow.
    purpose
        Rounds until the maximum, or one shot at the lead site's own estimate.
    """

    coordinator: str
    model: Model
    sites: tuple[str, ...]
    beta: tuple[float, ...]
    history: tuple[Round, ...] = ()
    purpose: str = ROUNDS
    seal: Seal = field(default_factory=Seal)

    @property
    def number(self) -> int:
        """Of the round, from 1."""
        return len(self.history) + 1

    @property
    def content(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "kind": _REQUEST, "version": _VERSION, "coordinator": self.coordinator,
            "purpose": self.purpose, "round": self.number, "model": self.model.to_dict(),
            "sites": list(self.sites), "beta": list(self.beta),
            "history": [
                _plain(held.likelihood)
                | {"sites": {s: [c.n, c.events, c.data] for s, c in held.sites.items()}}
                for held in self.history
            ],
        }  # fmt: skip

    @property
    def digest(self) -> str:
        """Tells this request from every other."""
        return digest_of(self.content)

    def to_text(self, key: str | None = None) -> str:
        """The file's text, signed if there is a key."""
        return sealed(self.content, self.coordinator, key)


@dataclass(frozen=True, eq=False)
class Reply:
    """What one site answers: sums over its patients, at the coefficients of the request."""

    site: str
    request: str
    likelihood: Likelihood
    counts: SiteCounts
    seal: Seal = field(default_factory=Seal)

    def to_text(self, key: str | None = None) -> str:
        """The file's text, signed if there is a key."""
        content = {
            "kind": _REPLY, "version": _VERSION, "site": self.site, "request": self.request,
            "n": self.counts.n, "events": self.counts.events, "data": self.counts.data,
        } | _plain(self.likelihood)  # fmt: skip
        return sealed(content, self.site, key)


def read_request(text: str | bytes, keys: Mapping[str, str] | None = None) -> Request:
    """Read a request.

    Raises
    ------
    TallyError
        If it is none that this version reads, was changed, or asks what cannot be asked.
    """
    content, seal = unsealed(
        text, _REQUEST, _VERSION, "request for a Cox model", writer="coordinator", keys=keys
    )
    try:
        model = Model.from_dict(content["model"])
        terms = len(model.terms)
        request = Request(
            str(content["coordinator"]),
            model,
            tuple(map(str, content["sites"])),
            tuple(_finite(value) for value in content["beta"]),
            tuple(
                Round(
                    _likelihood(held, terms),
                    {str(s): SiteCounts(int(n), int(e), str(d)) for s, (n, e, d) in
                     held["sites"].items()},
                )
                for held in content["history"]
            ),
            str(content["purpose"]),
            seal,
        )  # fmt: skip
        _check(request, content["round"])
    except TallyError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise TallyError(
            f"The request of {content['coordinator']} asks what cannot be: a model over at least "
            f"{FEWEST_SITES} sites, a coefficient for each term, and the rounds before."
        ) from error
    return request


def _check(request: Request, number: object) -> None:
    """Raise where a request does not fit itself."""
    sites = len(set(request.sites))
    if sites != len(request.sites) or not FEWEST_SITES <= sites <= MOST_SITES:
        raise ValueError("Too few sites, or one twice.")
    if len(request.beta) != len(request.model.terms) or request.number != number:
        raise ValueError("Other coefficients than terms, or another round than its history says.")
    if request.purpose not in {ROUNDS, ONE_SHOT}:
        raise ValueError("No purpose that is known here.")


def read_reply(text: str | bytes, keys: Mapping[str, str] | None = None) -> Reply:
    """Read a reply; whether it can be true is for the coordinator to check.

    Raises
    ------
    TallyError
        If it is none that this version reads, or was changed.
    """
    content, seal = unsealed(
        text, _REPLY, _VERSION, "reply of a site", writer="site", keys=keys
    )  # fmt: skip
    try:
        counts = SiteCounts(int(content["n"]), int(content["events"]), str(content["data"]))
        likelihood = _likelihood(content, len(content["beta"]))
        return Reply(str(content["site"]), str(content["request"]), likelihood, counts, seal)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise TallyError(
            f"The reply of {content['site']} holds numbers that cannot be: ask the site for it "
            "again."
        ) from error


def rounded(likelihood: Likelihood) -> Likelihood:
    """With the digits that are written."""
    return _likelihood(_plain(likelihood), len(likelihood.beta))


def _plain(held: Likelihood) -> dict[str, Any]:
    short = np.vectorize(lambda value: float(f"{value:.{_DIGITS}g}"), otypes=[float])
    return {
        "beta": held.beta.tolist(), "log_likelihood": float(short(held.log_likelihood)),
        "score": short(held.score).tolist(), "information": short(held.information).tolist(),
    }  # fmt: skip


def _likelihood(data: Mapping[str, Any], terms: int) -> Likelihood:
    found = Likelihood(
        np.array(data["beta"], dtype=np.float64),
        _finite(data["log_likelihood"]),
        np.array(data["score"], dtype=np.float64),
        np.array(data["information"], dtype=np.float64),
    )
    shapes = (found.beta.shape, found.score.shape, found.information.shape)
    if shapes != ((terms,), (terms,), (terms, terms)):
        raise ValueError("Other numbers than there are terms.")
    if not all(np.isfinite(part).all() for part in (found.beta, found.score, found.information)):
        raise ValueError("A number is not finite.")
    return found


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("A number is not finite.")
    return number
