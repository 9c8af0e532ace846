"""IPSS-R and IPSS-M of the simulated patients, as the published formulas give them.

The demo needs the scores to plant survival by risk class. They are computed from the same values
that the cohort shows, so a score engine fed with the cohort finds the same classes.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from data_loaders.arrays import Bools, Floats
from data_loaders.demo import _mds_figures as figures
from data_loaders.demo.simulate import Texts

_EVENTS = ("del(5q)", "+8", "-Y", "del(20q)", "-7", "del(7q)", "del(12p)", "17p-", "del(11q)")
OTHER_ABNORMALITY_SHARE = 0.05  # single abnormalities the cohort does not name


def karyotype_group(rng: np.random.Generator, altered: Mapping[str, Bools]) -> Texts:
    """IPSS-R cytogenetic group (Greenberg 2012; Schanz 2012).

    Complex karyotypes have exactly three abnormalities (poor) in 28% and more (very poor) in 72%;
    a few karyotypes without a named event have another single abnormality (intermediate).
    """
    n = len(altered["complex"])
    count = np.sum([altered[name] for name in _EVENTS], axis=0)
    other = rng.random(n) < OTHER_ABNORMALITY_SHARE
    more_than_three = rng.random(n) < 0.72
    good = altered["del(5q)"] | altered["del(12p)"] | altered["del(20q)"]
    very_good = altered["-Y"] | altered["del(11q)"]
    seven = altered["-7"] | altered["del(7q)"]
    return np.select(
        [
            altered["complex"] & more_than_three,
            altered["complex"] | altered["-7"],
            (count >= 2) & altered["del(5q)"] & (count == 2),
            (count >= 2) & seven,
            count >= 2,
            (count == 1) & good,
            (count == 1) & very_good,
            count == 1,
            other,
        ],
        [
            "Very Poor", "Poor", "Good", "Poor", "Intermediate", "Good", "Very Good",
            "Intermediate", "Intermediate",
        ],
        "Good",
    )  # fmt: skip


def _level(score: Floats, upper: tuple[float, ...], names: tuple[str, ...]) -> Texts:
    return np.asarray(names)[np.searchsorted(upper, score, side="left")]


def ipssr(patients: pd.DataFrame) -> tuple[Floats, Texts]:
    """IPSS-R score and class (Greenberg 2012 Blood 120:2454)."""
    karyotype = np.select(
        [(patients["karyotype_group"] == name).to_numpy() for name in figures.KARYOTYPE_LEVELS],
        [0.0, 1.0, 2.0, 3.0, 4.0],
    )
    blasts = patients["blasts_bm_percent"].to_numpy()
    hb = patients["hb_g_per_l"].to_numpy()
    platelets = patients["platelets_1e9_per_l"].to_numpy()
    neutrophils = patients["neutrophils_1e9_per_l"].to_numpy()
    score = (
        karyotype
        + np.select([blasts <= 2, blasts < 5, blasts <= 10], [0.0, 1.0, 2.0], 3.0)
        + np.select([hb >= 100, hb >= 80], [0.0, 1.0], 1.5)
        + np.select([platelets >= 100, platelets >= 50], [0.0, 0.5], 1.0)
        + np.where(neutrophils >= 0.8, 0.0, 0.5)
    )
    return score, _level(score, figures.IPSSR_UPPER, figures.IPSSR_LEVELS)


def ipssm(patients: pd.DataFrame, altered: Mapping[str, Bools]) -> tuple[Floats, Texts]:
    """IPSS-M score (two decimals) and class (Bernard 2022 NEJM Evid 1(7))."""
    karyotype = np.select(
        [(patients["karyotype_group"] == name).to_numpy() for name in figures.KARYOTYPE_LEVELS],
        [0.0, 1.0, 2.0, 3.0, 4.0],
    )
    chromosome_7 = altered["-7"] | altered["del(7q)"]
    sf3b1_5q = altered["SF3B1"] & altered["del(5q)"] & ~chromosome_7 & ~altered["complex"]
    excluded = np.any(
        [altered[gene] for gene in ("SRSF2", "STAG2", "BCOR", "BCORL1", "RUNX1", "NRAS")], axis=0
    )
    residual = np.sum([altered[gene] for gene in figures.IPSSM_RESIDUAL_GENES], axis=0)
    derived: dict[str, Floats] = {
        "HB1": patients["hb_g_per_l"].to_numpy() / 10,
        "TRANSF_PLT100": np.minimum(patients["platelets_1e9_per_l"].to_numpy(), 250) / 100,
        "BLAST5": np.minimum(patients["blasts_bm_percent"].to_numpy(), 20) / 5,
        "CYTOVEC": karyotype,
        "SF3B1_5q": sf3b1_5q.astype(float),
        "SF3B1_alpha": (altered["SF3B1"] & ~sf3b1_5q & ~excluded).astype(float),
        "nRes2": np.minimum(residual, 2).astype(float),
    }
    total = np.zeros(len(patients))
    for name, (beta, mean) in figures.IPSSM_COEFFICIENTS.items():
        value = derived[name] if name in derived else altered[name].astype(float)
        total += beta * (value - mean)
    score = np.floor(total / np.log(2) * 100 + 0.5) / 100
    return score, _level(score, figures.IPSSM_UPPER, figures.IPSSM_LEVELS)


def who_2022(patients: pd.DataFrame, altered: Mapping[str, Bools]) -> Texts:
    """WHO 2022 category by genetics, then blasts (rules as tabulated in the 5th edition)."""
    blasts = patients["blasts_bm_percent"].to_numpy()
    chromosome_7 = altered["-7"] | altered["del(7q)"]
    simple_5q = altered["del(5q)"] & ~chromosome_7 & ~altered["complex"]
    sf3b1 = altered["SF3B1"] & ~altered["del(5q)"] & ~chromosome_7 & ~altered["complex"]
    return np.select(
        [altered["TP53_multi_hit"], blasts >= 10, blasts >= 5, simple_5q, sf3b1],
        ["MDS-biTP53", "MDS-IB2", "MDS-IB1", "MDS-5q", "MDS-SF3B1"],
        "MDS-LB",
    )
