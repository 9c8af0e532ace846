"""Versions and references of the methods page."""

from __future__ import annotations

import platform
from importlib.metadata import version

import pandas as pd

REFERENCES = (
    "Wilson EB. Probable inference, the law of succession, and statistical inference. "
    "J Am Stat Assoc 1927;22:209.",
    "Kaplan EL, Meier P. Nonparametric estimation from incomplete observations. "
    "J Am Stat Assoc 1958;53:457.",
    "Morris TP et al. Proposals on Kaplan-Meier plots in medical research (KMunicate). "
    "BMJ Open 2019;9:e030215.",
    "Schemper M, Smith TL. A note on quantifying follow-up in studies of failure time. "
    "Control Clin Trials 1996;17:343.",
    "Mantel N. Evaluation of survival data and two new rank order statistics arising in its "
    "consideration. Cancer Chemother Rep 1966;50:163.",
    "Holm S. A simple sequentially rejective multiple test procedure. Scand J Stat 1979;6:65.",
    "McInnes L, Healy J, Melville J. UMAP: uniform manifold approximation and projection for "
    "dimension reduction. arXiv 1802.03426.",
    "Campello RJGB, Moulavi D, Sander J. Density-based clustering based on hierarchical density "
    "estimates. PAKDD 2013.",
    "Benjamini Y, Hochberg Y. Controlling the false discovery rate. J R Stat Soc B 1995;57:289.",
)
_PACKAGES = (
    "numpy", "pandas", "scipy", "umap-learn", "hdbscan", "scikit-learn", "plotly",
    "streamlit",
)  # fmt: skip


def version_table() -> pd.DataFrame:
    """The software that computed what is shown: name and version."""
    rows = [("Python", platform.python_version()), *((name, version(name)) for name in _PACKAGES)]
    return pd.DataFrame(rows, columns=["Software", "Version"])
