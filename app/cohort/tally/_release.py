"""A release: what one hospital writes down for others, counts and sums, never a row a patient.

Whoever pools releases needs no access to the hospital; the hospital decides by a policy what its
counts may tell before anything leaves. Cumulative counts are rounded, not those of an interval, so
that errors do not add up along a curve (as OpenSAFELY does).
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from app.cohort.filters import Filter
from app.cohort.groupings import GroupingSpec
from app.cohort.tally._checking import check
from app.cohort.tally._events import COUNTS
from app.cohort.tally._policy import (
    HIDDEN,
    ReleasePolicy,
    allowed,
    blurred,
    check_differences,
    rounded,
)
from app.cohort.tally._record import SiteRecord
from app.cohort.tally._sealing import UNSIGNED, Seal, sealed, unsealed
from app.cohort.tally._tally import N, TallyError
from data_loaders import Cohort, CohortError, Variable
from data_loaders.arrays import Bools
from data_loaders.files.parquet import read_parquet

if TYPE_CHECKING:
    from app.cohort.tally._rows import RowTally

_KIND, _VERSION = "calr-release", 1
_DESCRIBED = ("demographic", "disease", "clinical")
_MOST_LEVELS = 12
_WORDS = "release of counts"
# In a Parquet file: all but the event tables, and which of these a row is of.
_ELSE, _TABLE = b"calr_release", "table"


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

    def to_parquet(self, key: str | None = None) -> bytes:
        """The same as a Parquet file: event tables as its rows, all else in its metadata.

        Hash and signature are over what :func:`read_release` makes of it.
        """
        events = self.content["events"]
        parts = [
            pd.DataFrame(held["table"])
            .astype({"time": np.float64, **dict.fromkeys(COUNTS, np.int64)})
            .assign(**{_TABLE: place, "endpoint": held["endpoint"], "by": held["group"] or ""})
            for place, held in enumerate(events)
        ]
        rows = pd.concat(parts, ignore_index=True)
        apart = [{name: v for name, v in held.items() if name != "table"} for held in events]
        whole = json.loads(sealed(_joined(dict(self.content) | {"events": apart}, rows),
                                  self.name, key))  # fmt: skip
        told = json.dumps(whole | {"events": apart})
        table = pa.Table.from_pandas(rows, preserve_index=False)
        sink = io.BytesIO()
        pyarrow.parquet.write_table(table.replace_schema_metadata({_ELSE: told}), sink)
        return sink.getvalue()

    def counts(self, selected: Filter | None = None, by: Sequence[str] = ()) -> pd.DataFrame:
        """See :meth:`Tally.counts`; hidden counts are left out."""
        held = self._held("counts", selected, by=list(by))
        table = pd.DataFrame(held["table"])
        return table[table[N] != HIDDEN].reset_index(drop=True)

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
        shown = (table["tested"] != HIDDEN) & (table["altered"] != HIDDEN)
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
    record: SiteRecord | None = None,
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
    record
        What the site told before; None for nothing.

    Raises
    ------
    TallyError
        If fewer patients than the policy's minimum are selected, they differ by fewer from those
        of an earlier answer, two groups do, or follow-up with late entry would have to be rounded.
    """
    cohort = tally.cohort
    chosen = selected or Filter()
    n = int(tally.counts(chosen)[N].iloc[0])
    if n < policy.minimum:
        raise TallyError(f"Fewer than {policy.minimum} patients are selected: nothing is released.")
    mask = chosen.apply(cohort).mask
    if record is not None:
        record.check(cohort, mask, policy.minimum)
    _check_groups(cohort, mask, groups, policy)
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
            table = allowed(table, policy)
            events.append(
                {
                    "filter": asked, "endpoint": key, "group": group,
                    "names": list(map(str, table["group"].cat.categories)),
                    "reference": reference,
                    "left_out": {
                        why: rounded(many, policy)
                        for why, many in left_out.items() if many >= policy.minimum
                    },
                    "table": table.assign(group=table["group"].astype(str)).to_dict("list"),
                }
            )  # fmt: skip
    known = set(cohort.patients.columns) - cohort.endpoint_columns
    variables = [v for v in cohort.variables.values() if v.name in known]
    described = [v.name for v in variables if _is_described(cohort, v)]
    counts = []
    for by in ([], *([group] for group in groups), *([name] for name in described)):
        table = tally.counts(chosen, by)
        table[N] = [rounded(many, policy) for many in table[N]]
        counts.append({"filter": asked, "by": list(by), "table": table.to_dict("list")})
    numeric = [v.name for v in variables if v.kind == "numeric"]
    moments = tally.moments(chosen, numeric).drop(columns="histogram")
    moments = moments[moments[N] >= max(2, 2 * policy.minimum)]
    moments = _blurred(moments, policy)
    features = tally.features(chosen)
    for column in ("tested", "altered"):
        features[column] = [rounded(many, policy) for many in features[column]]
    content = {
        "kind": _KIND, "version": _VERSION, "site": site, "made": str(made),
        "policy": asdict(policy) | {"grid": list(policy.grid)}, "fingerprint": cohort.fingerprint,
        "synthetic": cohort.provenance.synthetic,
        "endpoints": {
            key: {"label": held.label, "competing": held.competing is not None}
            for key, held in cohort.endpoints.items()
        },
        "variables": {
            v.name: {"label": v.label, "kind": v.kind, "unit": v.unit or ""}
            for v in variables if v.name in {*described, *numeric}
        },
        "events": events, "counts": counts,
        "moments": [{"filter": asked, "table": moments.to_dict("list")}],
        "features": [{"filter": asked, "table": features.to_dict("list")}],
    }  # fmt: skip
    return Release(json.loads(json.dumps(content)))


def read_release(text: str | bytes, keys: Mapping[str, str] | None = None) -> Release:
    """Read a release's file, JSON or Parquet.

    Parameters
    ----------
    text
        What it holds.
    keys
        Keys agreed with sites, by their names: whose key is here must sign.

    Raises
    ------
    TallyError
        If it is not a release that this version reads, was changed since it was written, or is not
        signed as agreed.
    """
    if isinstance(text, bytes) and text.startswith(b"PAR1"):
        text = _text_of_parquet(text)
    content, seal = unsealed(text, _KIND, _VERSION, _WORDS, writer="site", keys=keys)
    try:
        check(content)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise TallyError(
            f"The release of {content['site']} holds counts that cannot be: ask the site to write "
            "it again."
        ) from error
    return Release(content, seal)


def _joined(apart: Mapping[str, Any], rows: pd.DataFrame) -> dict[str, Any]:
    """The content, its event tables put back."""
    columns = ["group", "time", *COUNTS]
    tables = dict(list(rows.groupby(_TABLE)[columns]))
    none = pd.DataFrame(columns=columns)
    events = [
        dict(held) | {"table": tables.get(place, none).to_dict("list")}
        for place, held in enumerate(apart["events"])
    ]
    return dict(apart) | {"events": events}


def _text_of_parquet(content: bytes) -> str:
    """What the same release says as JSON."""
    try:
        told = pyarrow.parquet.read_metadata(pa.BufferReader(content)).metadata[_ELSE]
        rows = read_parquet(content, "The release").to_pandas()
        return json.dumps(_joined(json.loads(told), rows))
    except CohortError as error:
        raise TallyError(str(error)) from error
    except (ValueError, KeyError, TypeError, AttributeError, OSError, pa.ArrowException) as error:
        raise TallyError(f"This file is not a {_WORDS}.") from error


def _check_groups(
    cohort: Cohort, mask: Bools, groups: Sequence[str], policy: ReleasePolicy
) -> None:
    """Refuse groups of which two differ by a few patients."""
    if policy.minimum == 1:
        return
    held = {}
    for group in groups:
        grouping = GroupingSpec.parse(group).build(cohort, mask)
        for place, name in enumerate(grouping.names):
            held[f"{name} ({group})"] = mask & (grouping.codes == place)
    check_differences(held, policy)


def _is_described(cohort: Cohort, variable: Variable) -> bool:
    """Whether a variable's values are counted: a few words of what patients are."""
    return (
        variable.kind in {"categorical", "ordinal", "binary"}
        and variable.role in _DESCRIBED
        and 2 <= len(cohort.factor(variable.name)[1]) <= _MOST_LEVELS
    )


def _blurred(moments: pd.DataFrame, policy: ReleasePolicy) -> pd.DataFrame:
    """Sums for the rounded count, from a mean and a standard deviation of a few digits."""
    n = moments[N].to_numpy(dtype=np.float64)
    means = moments["sum"].to_numpy() / n
    spread = np.maximum(moments["sum_squares"].to_numpy() - n * means**2, 0.0)
    sd = np.sqrt(spread / (n - 1))
    shown = np.array([rounded(int(many), policy) for many in n], dtype=np.int64)
    mean = np.array([blurred(value, policy) for value in means])
    sd = np.array([blurred(value, policy) for value in sd])
    return moments.assign(
        **{
            N: shown, "missing": [max(0, rounded(many, policy)) for many in moments["missing"]],
            "sum": mean * shown, "sum_squares": sd**2 * (shown - 1) + shown * mean**2,
        }
    )  # fmt: skip


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
