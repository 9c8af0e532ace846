"""A release: what one hospital writes down for others, counts and sums, never a row a patient.

Whoever pools releases needs no access to the hospital; the hospital decides by a policy what its
counts may tell before anything leaves. Cumulative counts are rounded, not those of an interval, so
that errors do not add up along a curve (as OpenSAFELY does).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from app.cohort.filters import Filter
from app.cohort.groupings import GroupingSpec
from app.cohort.tally._events import COUNTS
from app.cohort.tally._sealing import UNSIGNED, Seal, sealed, unsealed
from app.cohort.tally._tally import N, TallyError

if TYPE_CHECKING:
    from app.cohort.tally._rows import RowTally

_KIND, _VERSION = "calr-release", 1
_HIDDEN = -1
# Half years for ten years, years after that; a last point that nobody outlives is added.
HALF_YEARS = (*range(0, 121, 6), *range(132, 481, 12))


@dataclass(frozen=True)
class ReleasePolicy:
    """What may leave a hospital.

    Attributes
    ----------
    minimum
        Groups of fewer patients are left out, and counts below it hidden; 1 hides nothing.
    rounding
        Counts are rounded to its multiples; 1 leaves them exact.
    grid
        Points of follow-up, in months.
    """

    minimum: int = 5
    rounding: int = 5
    grid: tuple[float, ...] = HALF_YEARS

    def __post_init__(self) -> None:
        if self.minimum < 1 or self.rounding < 1:
            raise TallyError("The smallest count and the base of rounding are from 1 up.")
        if len(self.grid) < 2 or self.grid[0] != 0 or (np.diff(self.grid) <= 0).any():
            raise TallyError("The grid of follow-up starts at 0 and ascends.")


@dataclass(frozen=True, eq=False)
class Release:
    """One hospital's counts, as a tally that answers what was written down.

    Attributes
    ----------
    content
        Plain data, as in the file.
    seal
        Whether its file was signed, and by whom.
    """

    content: Mapping[str, Any]
    seal: Seal = UNSIGNED

    @property
    def name(self) -> str:
        """The site."""
        return str(self.content["site"])

    @property
    def synthetic(self) -> bool:
        """Whether its patients are simulated."""
        return bool(self.content["synthetic"])

    @property
    def endpoints(self) -> dict[str, dict[str, Any]]:
        """By key: label, and whether it has competing events."""
        return dict(self.content["endpoints"])

    def to_text(self, key: str | None = None) -> str:
        """The file's text, with the hash of what it says, signed if there is a key."""
        return sealed(self.content, self.name, key)

    def counts(self, selected: Filter | None = None, by: Sequence[str] = ()) -> pd.DataFrame:
        """See :meth:`Tally.counts`; hidden counts are left out."""
        held = self._held("counts", selected, by=list(by))
        table = pd.DataFrame(held["table"])
        return table[table[N] != _HIDDEN].reset_index(drop=True)

    def events(
        self,
        selected: Filter | None,
        endpoint: str,
        group: GroupingSpec | str | None = None,
        grid: Sequence[float] | None = None,
    ) -> pd.DataFrame:
        """See :meth:`Tally.events`; the grid is the release's own."""
        own = self.content["policy"]["grid"]
        if grid is not None and list(grid) != own:
            raise TallyError(f"The release of {self.name} has another grid; use its own.")
        spec = None if group is None else str(group)
        held = self._held("events", selected, endpoint=endpoint, group=spec)
        table = pd.DataFrame(held["table"])
        table["group"] = pd.Categorical(table["group"], held["names"], ordered=True)
        table.attrs |= {"left_out": held["left_out"], "reference": held["reference"]}
        return table

    def moments(
        self,
        selected: Filter | None,
        variables: Sequence[str],
        bins: Mapping[str, Sequence[float]] | None = None,
    ) -> pd.DataFrame:
        """See :meth:`Tally.moments`; a release has sums without histograms."""
        if bins:
            raise TallyError(f"The release of {self.name} has sums, no histograms.")
        table = pd.DataFrame(self._held("moments", selected)["table"]).set_index("variable")
        unknown = [name for name in variables if name not in table.index]
        if unknown:
            raise TallyError(f"The release of {self.name} does not hold {unknown[0]}.")
        chosen = table.loc[list(variables)].reset_index()
        return chosen.assign(histogram=[()] * len(chosen))

    def features(self, selected: Filter | None = None) -> pd.DataFrame:
        """See :meth:`Tally.features`; alterations with a hidden count are left out."""
        table = pd.DataFrame(self._held("features", selected)["table"])
        shown = (table["tested"] != _HIDDEN) & (table["altered"] != _HIDDEN)
        return table[shown].reset_index(drop=True)

    def _held(self, part: str, selected: Filter | None, **asked: Any) -> Mapping[str, Any]:
        asked["filter"] = (selected or Filter()).to_dict()
        for held in self.content[part]:
            if all(held[name] == value for name, value in asked.items()):
                return held  # type: ignore[no-any-return]
        words = ", ".join(f"{name} {value}" for name, value in asked.items() if value)
        raise TallyError(
            f"The release of {self.name} does not hold this ({words or part}): ask the site to "
            "release it."
        )


def release_of(
    tally: RowTally,
    policy: ReleasePolicy,
    *,
    site: str,
    made: date,
    groups: Sequence[str] = (),
    selected: Filter | None = None,
) -> Release:
    """Write down what a policy lets a site tell.

    Parameters
    ----------
    tally
        Of the site's cohort.
    site
        Its name for the others.
    made
        Day of the release.
    groups
        Groupings by which every endpoint is counted too, such as ``alteration:TP53``; each is also
        counted by itself.
    selected
        Whom to count; None for everyone.

    Raises
    ------
    TallyError
        If fewer patients than the policy's minimum are selected, or follow-up with late entry
        would have to be rounded.
    """
    cohort = tally.cohort
    chosen = selected or Filter()
    n = int(tally.counts(chosen)[N].iloc[0])
    if n < policy.minimum:
        raise TallyError(f"Fewer than {policy.minimum} patients are selected: nothing is released.")
    policy = _reaching(tally, policy)
    asked = chosen.to_dict()
    events = []
    for key, endpoint in cohort.endpoints.items():
        if endpoint.entry is not None and policy.rounding > 1:
            raise TallyError(
                f"{endpoint.label} has late entries, whose counts cannot be rounded: release it "
                "exactly, or without entry times."
            )
        for group in (None, *groups):
            table = tally.events(chosen, key, group, policy.grid)
            left_out, reference = table.attrs["left_out"], table.attrs["reference"]
            table = _allowed(table, policy)
            events.append(
                {
                    "filter": asked, "endpoint": key, "group": group,
                    "names": list(map(str, table["group"].cat.categories)),
                    "reference": reference,
                    "left_out": {
                        why: _rounded(many, policy)
                        for why, many in left_out.items() if many >= policy.minimum
                    },
                    "table": table.assign(group=table["group"].astype(str)).to_dict("list"),
                }
            )  # fmt: skip
    counts = []
    for by in ([], *([group] for group in groups)):
        table = tally.counts(chosen, by)
        table[N] = [_rounded(many, policy) for many in table[N]]
        counts.append({"filter": asked, "by": list(by), "table": table.to_dict("list")})
    known = set(cohort.patients.columns) - cohort.endpoint_columns
    numeric = [v.name for v in cohort.variables.values() if v.kind == "numeric" and v.name in known]
    moments = tally.moments(chosen, numeric).drop(columns="histogram")
    moments = moments[moments[N] >= 2 * policy.minimum]
    shown = np.array([_rounded(many, policy) for many in moments[N]], dtype=np.int64)
    for column in ("sum", "sum_squares"):
        # Means and standard deviations stay what they are.
        moments[column] *= shown / moments[N]
    moments[N] = shown
    moments["missing"] = [max(0, _rounded(many, policy)) for many in moments["missing"]]
    features = tally.features(chosen)
    for column in ("tested", "altered"):
        features[column] = [_rounded(many, policy) for many in features[column]]
    content = {
        "kind": _KIND, "version": _VERSION, "site": site, "made": str(made),
        "policy": asdict(policy) | {"grid": list(policy.grid)}, "fingerprint": cohort.fingerprint,
        "synthetic": cohort.provenance.synthetic,
        "endpoints": {
            key: {"label": held.label, "competing": held.competing is not None}
            for key, held in cohort.endpoints.items()
        },
        "events": events, "counts": counts,
        "moments": [{"filter": asked, "table": moments.to_dict("list")}],
        "features": [{"filter": asked, "table": features.to_dict("list")}],
    }  # fmt: skip
    return Release(json.loads(json.dumps(content)))


def read_release(text: str | bytes, keys: Mapping[str, str] | None = None) -> Release:
    """Read a release's file.

    Parameters
    ----------
    keys
        Keys agreed with sites, by their names: whose key is here must sign.

    Raises
    ------
    TallyError
        If it is not a release that this version reads, was changed since it was written, or is not
        signed as agreed.
    """
    content, seal = unsealed(text, _KIND, _VERSION, "release of counts", writer="site", keys=keys)
    try:
        _check(content)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise TallyError(
            f"The release of {content['site']} holds counts that cannot be: ask the site to write "
            "it again."
        ) from error
    return Release(content, seal)


def _check(content: Mapping[str, Any]) -> None:
    """Raise any error where the file does not hold what a release holds."""
    policy = content["policy"]
    if not isinstance(content["synthetic"], bool):
        raise TypeError("Whether the patients are simulated is not said.")
    ReleasePolicy(policy["minimum"], policy["rounding"], tuple(policy["grid"]))
    for held in content["endpoints"].values():
        str(held["label"]), bool(held["competing"])
    for held in content["events"]:
        table = pd.DataFrame(held["table"])[["group", "time", *COUNTS]]
        counts = table[list(COUNTS)].astype(np.int64)
        ends = counts.drop(columns="entered")
        if (counts < 0).any(axis=None) or int(counts["entered"].sum()) != int(ends.sum().sum()):
            raise ValueError("Who enters does not leave.")
        if not set(table["time"].astype(float)) <= set(map(float, policy["grid"])):
            raise ValueError("A time is not on the grid.")
        known = held["endpoint"] in content["endpoints"]
        if not (known and set(table["group"]) <= set(held["names"])):
            raise ValueError("A group or endpoint has no name.")
        {str(why): int(n) for why, n in held["left_out"].items()}
        if not isinstance(held["reference"], str):
            raise TypeError("A reference is a name.")
    for part, columns in (("counts", [N]), ("features", ["feature", "kind", "tested", "altered"])):
        for held in content[part]:
            pd.DataFrame(held["table"])[columns][columns[-1:]].astype(np.int64)
    for held in content["moments"]:
        pd.DataFrame(held["table"])[["variable", N, "missing", "sum", "sum_squares"]]


def _allowed(table: pd.DataFrame, policy: ReleasePolicy) -> pd.DataFrame:
    """Groups that are large enough, on the whole grid, with rounded cumulative counts."""
    parts = []
    for name in table["group"].cat.categories:
        own = table[table["group"] == name].set_index("time")[list(COUNTS)]
        if own["entered"].sum() < policy.minimum:
            continue
        if policy.rounding > 1:
            own = own.reindex(list(policy.grid), fill_value=0)
            ends = own[["events", "competing", "censored"]].cumsum()
            ends = (ends + policy.rounding // 2) // policy.rounding * policy.rounding
            own = ends.diff().fillna(ends.iloc[:1]).astype(np.int64)
            own.insert(0, "entered", 0)
            own.iloc[0, 0] = int(own.to_numpy().sum())
        parts.append(own.reset_index().assign(group=str(name)))
    columns = ["group", "time", *COUNTS]
    whole = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    names = [part["group"].iloc[0] for part in parts]
    whole["group"] = pd.Categorical(whole["group"], names, ordered=True)
    return whole[columns]


def _reaching(tally: RowTally, policy: ReleasePolicy) -> ReleasePolicy:
    """The policy with a grid that nobody outlives."""
    cohort = tally.cohort
    last = max(
        (float(np.nanmax(cohort.numbers(e.time), initial=0.0)) for e in cohort.endpoints.values()),
        default=0.0,
    )
    step = policy.grid[-1] - policy.grid[-2]
    more = max(0, int(np.ceil((last - policy.grid[-1]) / step)))
    added = tuple(policy.grid[-1] + step * (i + 1) for i in range(more))
    return replace(policy, grid=(*policy.grid, *added))


def _rounded(n: int, policy: ReleasePolicy) -> int:
    if 0 < n < policy.minimum or (policy.minimum > 1 and n == 0):
        return _HIDDEN
    return int((n + policy.rounding // 2) // policy.rounding * policy.rounding)
