"""Embedded synthetic cohorts: ``load_demo("mpn")`` and the other keys of ``DEMO_COHORTS``.

No patient is behind any row. Frequencies, co-occurrence and hazard ratios are planted from
published figures (each cited where it stands), and the planted truths travel with the cohort in
``cohort.provenance.truths`` so that analyses can be checked against them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from data_loaders.demo import _aml as aml
from data_loaders.demo import _mds as mds
from data_loaders.demo import _mpn as mpn
from data_loaders.demo._cml import generate as cml
from data_loaders.demo._lymphoid import cll, dlbcl
from data_loaders.model import Cohort, CohortError


@dataclass(frozen=True)
class DemoInfo:
    """What a demo cohort is, for lists of cohorts.

    Parameters
    ----------
    key
        Name for :func:`load_demo`; ``demo:`` and the key for ``load_cohort``.
    n
        Number of patients unless asked otherwise.
    """

    key: str
    title: str
    description: str
    disease: str
    n: int


DEMO_COHORTS: Mapping[str, DemoInfo] = MappingProxyType(
    {
        info.key: info
        for info in (
            DemoInfo(
                "mpn",
                "MPN demo (synthetic)",
                "Simulated ET, PV and myelofibrosis with driver mutations, co-mutations, blood "
                "counts, survival, AML, myelofibrotic transformation and thrombosis.",
                "Myeloproliferative neoplasms",
                2000,
            ),
            DemoInfo(
                "mds",
                "MDS demo (synthetic)",
                "Simulated MDS with IPSS-R and IPSS-M, survival, AML and transplants whose true "
                "effect is known.",
                "Myelodysplastic syndromes",
                1500,
            ),
            DemoInfo(
                "aml",
                "AML demo (synthetic)",
                "Simulated AML drawn from planted genomic classes, with ELN 2022 risk, remission, "
                "relapse, transplant and survival.",
                "Acute myeloid leukaemia",
                1500,
            ),
            DemoInfo(
                "cll",
                "CLL demo (synthetic)",
                "Simulated CLL with IGHV status, FISH lesions, mutations, stages, first treatment "
                "in two eras, Richter transformation and survival.",
                "Chronic lymphocytic leukaemia",
                1200,
            ),
            DemoInfo(
                "dlbcl",
                "DLBCL demo (synthetic)",
                "Simulated DLBCL by cell of origin with mutations, rearrangements, copy numbers, "
                "the parts of the IPI, response, progression and survival.",
                "Diffuse large B-cell lymphoma",
                900,
            ),
            DemoInfo(
                "cml",
                "CML demo (synthetic)",
                "Simulated chronic-phase CML with ELTS and Sokal, BCR::ABL1 at 3, 6 and 12 months, "
                "major molecular response, ABL1 mutations, progression and survival.",
                "Chronic myeloid leukaemia",
                800,
            ),
        )
    }
)

# The seeds are the years of the publications that the cohorts follow.
MDS_SEED = 2022
_GENERATORS: Mapping[str, tuple[Callable[[int, int], Cohort], int]] = MappingProxyType(
    {
        "mpn": (mpn.generate, 2018),
        "mds": (mds.generate, MDS_SEED),
        "aml": (aml.generate, 2016),
        "cll": (cll.generate, 2015),
        "dlbcl": (dlbcl.generate, 2010),
        "cml": (cml.generate, 2017),
    }
)


def load_demo(key: str, n: int | None = None, seed: int | None = None) -> Cohort:
    """Generate an embedded synthetic cohort.

    Parameters
    ----------
    key
        ``mpn``, ``mds``, ``aml``, ``cll``, ``dlbcl`` or ``cml``.
    n
        Number of patients; the cohort's own number by default.
    seed
        Seed of the generator; the same cohort every time by default.

    Returns
    -------
    A cohort marked as synthetic, with the planted truths in its provenance.

    Raises
    ------
    CohortError
        If there is no such demo cohort, or ``n`` is not a positive whole number.
    """
    if key not in _GENERATORS:
        known = ", ".join(DEMO_COHORTS)
        raise CohortError(f"There is no demo cohort called {key}; choose one of {known}.")
    size = DEMO_COHORTS[key].n if n is None else n
    if size < 1:
        raise CohortError(f"A demo cohort needs at least one patient; {size} were asked for.")
    generate, usual_seed = _GENERATORS[key]
    return generate(size, usual_seed if seed is None else seed)
