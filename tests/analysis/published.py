"""The published cohorts as the reference statistics used them."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

YEAR = 365.25


@cache
def mpn(folder: Path) -> pd.DataFrame:
    """Grinfeld 2018: 1,875 MPN; ``time`` and ``event`` are overall survival in years.

    ``aml_time`` (years) and ``aml_cause`` (1 = AML, 2 = death without it) follow each patient to
    AML, death or last contact; likewise ``mf_time`` and ``mf_cause``.
    """
    frame = pd.read_csv(folder / "mpn_grinfeld_2018" / "mpn_patients.csv")
    frame["time"], frame["event"] = frame["os_days"] / YEAR, frame["os_event"]
    for kind in ("aml", "mf"):
        happened = frame[f"{kind}_event"] == 1
        days = np.where(happened, frame[f"{kind}_days"], frame["os_days"])
        frame[f"{kind}_time"] = days / YEAR
        cause = np.where(happened, 1, np.where(frame["os_event"] == 1, 2, 0))
        frame[f"{kind}_cause"] = np.where(frame[f"{kind}_event"].isna(), np.nan, cause)
    return frame


@cache
def mds(folder: Path) -> pd.DataFrame:
    """Bernard 2022: 2,957 MDS with a 0/1 column for each gene; times in years."""
    files = folder / "mds_iwg_2022"
    clinical = pd.read_csv(files / "df_clinical.tsv", sep="\t", low_memory=False)
    mutations = pd.read_csv(files / "df_mut.tsv", sep="\t")
    frame = clinical.merge(mutations, on="ID", how="left")
    frame["male"] = (frame["SEX"] == "M").astype(float).where(frame["SEX"].notna())
    return frame
