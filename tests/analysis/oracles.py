"""The answers of both oracle files and the published cohorts they were computed on.

Files are read by ``load_cohort``; times are months there and years in the oracles. An ``Oracle``
remembers which figures were looked at, so that a check can end by asking that none was passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from data_loaders import Cohort, load_cohort
from tests.analysis import published

# What a block says about itself besides figures.
WORDS = {"about", "unit", "subset", "label", "formula", "ties"}


class Oracle:
    """Nested answers that know which of them were read."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = {key: self._wrap(value) for key, value in values.items()}
        self._read: set[str] = set()

    @classmethod
    def _wrap(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return cls(value)
        if isinstance(value, list) and value and isinstance(value[0], dict):
            return [cls(item) for item in value]
        return value

    def __getitem__(self, key: str) -> Any:
        self._read.add(key)
        return self._values[key]

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def items(self) -> Iterator[tuple[str, Any]]:
        return ((key, self[key]) for key in self)

    def unread(self, path: str = "") -> list[str]:
        found = []
        for key, value in self._values.items():
            name = f"{path}/{key}"
            inner = value if isinstance(value, list) else [value]
            if key not in self._read:
                found += [] if key in WORDS else [name]
                continue
            for item in inner:
                found += item.unread(name) if isinstance(item, Oracle) else []
        return found


@dataclass(frozen=True)
class Frames:
    """The cohorts as tables: ``<endpoint>_years``, events, covariates, a 0/1 column a feature."""

    mpn: pd.DataFrame
    mds: pd.DataFrame

    @property
    def mf(self) -> pd.DataFrame:
        return self.mpn[self.mpn["diagnosis"] == "MF"]

    @property
    def single_driver(self) -> pd.DataFrame:
        """Myelofibrosis with one driver or none; JAK2 exon 12 is not among the four groups."""
        mf = self.mf
        drivers = mf[["JAK2", "CALR", "MPL"]].sum(axis=1)
        one_or_none = (drivers == 1) | ((drivers == 0) & (mf["driver"] == "TN"))
        return mf[one_or_none & (mf["JAK2e12"] != 1)]

    @property
    def classic(self) -> pd.DataFrame:
        classic = self.mpn[self.mpn["diagnosis"] != "Other"]
        return classic.assign(subgroup=published.mpn_subgroups(classic))

    @property
    def scored(self) -> pd.DataFrame:
        """MDS with an IPSS-M, followed to AML or the later of the two dates of follow-up."""
        frame = self.mds.dropna(subset=["aml_event", "os_event", "IPSSM_SCORE"])
        cause = np.where(frame["aml_event"] == 1, 1, np.where(frame["os_event"] == 1, 2, 0))
        later = frame[["os_years", "AMLt_YEARS"]].max(axis=1)
        return frame.assign(cause=cause, years=later.where(cause != 1, frame["AMLt_YEARS"]))


def table(cohort: Cohort) -> pd.DataFrame:
    frame = cohort.patients.join(cohort.alterations.astype("Float64").astype(float))
    for key, endpoint in cohort.endpoints.items():
        frame[f"{key}_years"] = frame[endpoint.time] / 12
        if endpoint.competing is not None:
            cause = np.where(frame[endpoint.competing] == 1, 2.0, 0.0)
            cause = np.where(frame[endpoint.event] == 1, 1.0, cause)
            unknown = frame[[endpoint.time, endpoint.event, endpoint.competing]].isna().any(axis=1)
            frame[f"{key}_cause"] = np.where(unknown, np.nan, cause)
    return frame


@cache
def read_frames(public_cohorts: Path) -> Frames:
    mpn = table(load_cohort(public_cohorts / "mpn_grinfeld_2018" / "mpn_patients.csv"))
    mds = table(load_cohort(public_cohorts / "mds_iwg_2022" / "df_clinical.tsv"))
    genes = table(load_cohort(public_cohorts / "mds_iwg_2022" / "df_mut.tsv"))
    mds = mds.join(genes, validate="one_to_one")
    state = np.select([mds["TP53multi"] == 1, mds["TP53mono"] == 1], ["multi", "mono"], "WT")
    male = (mds["SEX"] == "M").astype(float).where(mds["SEX"].notna())
    return Frames(mpn, mds.assign(tp53_state=state, male=male))


def same(ours: Any, theirs: Any, rel: float = 1e-6) -> None:
    """Equal to a relative tolerance; null is NaN."""
    wanted = [np.nan if value is None else value for value in np.atleast_1d(theirs)]
    np.testing.assert_allclose(np.atleast_1d(ours), wanted, rtol=rel, atol=1e-14)


def printed(ours: Any, theirs: Any, decimals: int) -> None:
    """Equal to the last decimal printed; null is NaN."""
    wanted = [np.nan if value is None else value for value in np.atleast_1d(theirs)]
    np.testing.assert_allclose(np.atleast_1d(ours), wanted, rtol=0, atol=0.5001 * 10**-decimals)


def same_p(ours: float, theirs: float, digits: int = 4) -> None:
    """A p-value to its significant digits, of which no more than six decimals were kept."""
    kept = 0.5001e-6 if theirs > 1e-4 else 0.0
    assert ours == pytest.approx(theirs, rel=0.5001 * 10 ** (1 - digits), abs=kept)
