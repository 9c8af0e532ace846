"""Versions and references of the methods page."""

from __future__ import annotations

import platform
import re
from importlib.metadata import version

import pandas as pd

from app import __version__
from app.study.files.software import source_digest

REFERENCES = {
    "wilson": "Wilson EB. Probable inference, the law of succession, and statistical inference. "
    "J Am Stat Assoc 1927;22:209.",
    "km": "Kaplan EL, Meier P. Nonparametric estimation from incomplete observations. "
    "J Am Stat Assoc 1958;53:457.",
    "kmunicate": "Morris TP et al. Proposals on Kaplan-Meier plots in medical research "
    "(KMunicate). BMJ Open 2019;9:e030215.",
    "followup": "Schemper M, Smith TL. A note on quantifying follow-up in studies of failure time. "
    "Control Clin Trials 1996;17:343.",
    "logrank": "Mantel N. Evaluation of survival data and two new rank order statistics arising in "
    "its consideration. Cancer Chemother Rep 1966;50:163.",
    "fleming": "Harrington DP, Fleming TR. A class of rank test procedures for censored survival "
    "data. Biometrika 1982;69:553.",
    "trend": "Tarone RE. Tests for trend in life table analysis. Biometrika 1975;62:679.",
    "holm": "Holm S. A simple sequentially rejective multiple test procedure. "
    "Scand J Stat 1979;6:65.",
    "bh": "Benjamini Y, Hochberg Y. Controlling the false discovery rate. "
    "J R Stat Soc B 1995;57:289.",
    "rmst": "Royston P, Parmar MKB. Restricted mean survival time: an alternative to the hazard "
    "ratio. BMC Med Res Methodol 2013;13:152.",
    "maxstat": "Lausen B, Schumacher M. Maximally selected rank statistics. Biometrics 1992;48:73.",
    "aj": "Aalen OO, Johansen S. An empirical transition matrix for non-homogeneous Markov chains. "
    "Scand J Stat 1978;5:141.",
    "gray": "Gray RJ. A class of K-sample tests for comparing the cumulative incidence of a "
    "competing risk. Ann Stat 1988;16:1141.",
    "finegray": "Fine JP, Gray RJ. A proportional hazards model for the subdistribution of a "
    "competing risk. J Am Stat Assoc 1999;94:496.",
    "cox": "Cox DR. Regression models and life-tables. J R Stat Soc B 1972;34:187.",
    "efron": "Efron B. The efficiency of Cox's likelihood function for censored data. "
    "J Am Stat Assoc 1977;72:557.",
    "zph": "Grambsch PM, Therneau TM. Proportional hazards tests and diagnostics based on weighted "
    "residuals. Biometrika 1994;81:515.",
    "uno": "Uno H et al. On the C-statistics for evaluating overall adequacy of risk prediction "
    "procedures with censored survival data. Stat Med 2011;30:1105.",
    "auc": "Hung H, Chiang CT. Estimation methods for time-dependent AUC models with survival "
    "data. Can J Stat 2010;38:8.",
    "brier": "Graf E et al. Assessment and comparison of prognostic classification schemes for "
    "survival data. Stat Med 1999;18:2529.",
    "who2022": "Khoury JD et al. The 5th edition of the WHO classification of haematolymphoid "
    "tumours: myeloid and histiocytic/dendritic neoplasms. Leukemia 2022;36:1703.",
    "icc2022": "Arber DA et al. International Consensus Classification of myeloid neoplasms and "
    "acute leukemias. Blood 2022;140:1200.",
    "grinfeld": "Grinfeld J et al. Classification and personalized prognosis in "
    "myeloproliferative neoplasms. N Engl J Med 2018;379:1416.",
    "tazi": "Tazi Y et al. Unified classification and risk-stratification in acute myeloid "
    "leukemia. Nat Commun 2022;13:4622.",
    "harrell": "Harrell FE et al. Evaluating the yield of medical tests. JAMA 1982;247:2543.",
    "firth": "Heinze G, Schemper M. A solution to the problem of monotone likelihood in Cox "
    "regression. Biometrics 2001;57:114.",
    "makuch": "Makuch RW. Adjusted survival curve estimation using covariates. "
    "J Chronic Dis 1982;35:437.",
    "landmark": "Anderson JR, Cain KC, Gelber RD. Analysis of survival by tumor response. "
    "J Clin Oncol 1983;1:710.",
    "simon": "Simon R, Makuch RW. A non-parametric graphical representation of the relationship "
    "between survival and the occurrence of an event. Stat Med 1984;3:35.",
    "mantelbyar": "Mantel N, Byar DP. Evaluation of response-time data involving transient states. "
    "J Am Stat Assoc 1974;69:81.",
    "umap": "McInnes L, Healy J, Melville J. UMAP: uniform manifold approximation and projection "
    "for dimension reduction. arXiv 1802.03426.",
    "heller": "Heller KA, Ghahramani Z. Bayesian hierarchical clustering. ICML 2005:297.",
    "hdbscan": "Campello RJGB, Moulavi D, Sander J. Density-based clustering based on hierarchical "
    "density estimates. PAKDD 2013.",
    "gower": "Gower JC. A general coefficient of similarity and some of its properties. "
    "Biometrics 1971;27:857.",
    "targettrial": "Hernán MA, Robins JM. Using big data to emulate a target trial when a "
    "randomized trial is not available. Am J Epidemiol 2016;183:758.",
    "mover": "Zou GY, Donner A. Construction of confidence limits about effect measures: a general "
    "approach. Stat Med 2008;27:1693.",
    "narrow": "Hesterberg TC. What teachers should know about the bootstrap. Am Stat 2015;69:371.",
    "clones": "Maringe C et al. Reflection on modern methods: trial emulation in the presence of "
    "immortal-time bias. Int J Epidemiol 2020;49:1719.",
    "evalue": "VanderWeele TJ, Ding P. Sensitivity analysis in observational research: "
    "introducing the E-value. Ann Intern Med 2017;167:268.",
    "handbook": "Griffiths E et al. Handbook on statistical disclosure control for outputs. Safe "
    "Data Access Professionals 2019.",
    "cms": "Centers for Medicare and Medicaid Services. Cell size suppression policy: no cell of 1 "
    "to 10 may be shown or derived.",
    "sdc": "Hundepool A et al. Statistical disclosure control. Wiley 2012.",
    "webdisco": "Lu CL et al. WebDISCO: a web service for distributed Cox model learning without "
    "patient-level data sharing. J Am Med Inform Assoc 2015;22:1212.",
    "odac": "Duan R et al. Learning from local to global: an efficient distributed algorithm for "
    "modeling time-to-event data. J Am Med Inform Assoc 2020;27:1028.",
    "dersimonian": "DerSimonian R, Laird N. Meta-analysis in clinical trials. "
    "Control Clin Trials 1986;7:177.",
}
_CITATION = re.compile(r"\[@(\w+)\]")
_PACKAGES = (
    "numpy", "pandas", "scipy", "umap-learn", "hdbscan", "scikit-learn", "plotly",
    "streamlit",
)  # fmt: skip


def version_table() -> pd.DataFrame:
    """The software that computed what is shown: name and version."""
    rows = [
        ("CALR Explorer", f"{__version__} (source {source_digest()})"),
        ("Python", platform.python_version()),
        *((name, version(name)) for name in _PACKAGES),
    ]
    return pd.DataFrame(rows, columns=["Software", "Version"])


def cited(text: str) -> str:
    """Text whose citations, written ``[@km]``, stand as numbers of the list of references.

    Raises
    ------
    KeyError
        If a citation is not in the list.
    """
    numbers = {key: i for i, key in enumerate(REFERENCES, start=1)}
    return _CITATION.sub(lambda match: f"[{numbers[match[1]]}]", text)
