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


CHROMATIN_SPLICEOSOME = (
    *("ASXL1", "EZH2", "SRSF2", "U2AF1", "CBL", "ZRSR2", "GNAS", "KRAS", "IDH2", "BCOR", "NRAS"),
    *("CUX1", "STAG2", "IDH1", "RUNX1", "PHF6", "7q-", "4qUPD"),
)


def mpn_subgroups(frame: pd.DataFrame) -> pd.Series:
    """The eight genomic subgroups of Grinfeld 2018 by their decision list, first match wins."""

    def any_of(*features: str) -> pd.Series:
        return (frame[list(features)] > 0).any(axis=1)

    columns = list(frame.columns)
    everything = columns[columns.index("JAK2") : columns.index("20q-") + 1]
    homozygous = any_of("JAK2") & any_of("9pUPD", "9+", "NFE2")
    rules = {
        "1 TP53 disruption/aneuploidy": any_of("TP53", "17pUPD_del", "5q-"),
        "2 chromatin/spliceosome": any_of(*CHROMATIN_SPLICEOSOME),
        "3 CALR": any_of("CALR"),
        "4 MPL": any_of("MPL"),
        "5 JAK2 homozygous/NFE2": homozygous | any_of("JAK2e12"),
        "6 JAK2 heterozygous": any_of("JAK2"),
        "7 other driver": any_of(*everything),
    }
    labels = np.select(list(rules.values()), list(rules), "8 no known driver")
    return pd.Series(labels, index=frame.index)


@cache
def mds(folder: Path) -> pd.DataFrame:
    """Bernard 2022: 2,957 MDS with a 0/1 column for each gene; times in years."""
    files = folder / "mds_iwg_2022"
    clinical = pd.read_csv(files / "df_clinical.tsv", sep="\t", low_memory=False)
    mutations = pd.read_csv(files / "df_mut.tsv", sep="\t")
    frame = clinical.merge(mutations, on="ID", how="left")
    frame["male"] = (frame["SEX"] == "M").astype(float).where(frame["SEX"].notna())
    return frame
