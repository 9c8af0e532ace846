"""Which disease a patient is said to have: it decides which list is asked."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from data_loaders import Cohort
from data_loaders.arrays import Bools, States, Texts
from data_loaders.meaning.families import family_of
from data_loaders.meaning.vocabulary import term_of

DISEASES = ("MDS", "AML", "CMML", "MPN")
DIAGNOSES = ("diagnosis", "diagnosis_detail", "who", "fab")
# Columns that only one disease has.
_TELLING = {
    "aml_type": "AML", "eln": "AML", "flt3_itd_ratio": "AML", "mds_type": "MDS", "ipssm": "MDS",
    "ipssr": "MDS", "ipssra": "MDS", "ipssm_score": "MDS", "ipssr_score": "MDS", "dipss": "MPN",
    "dipss_plus": "MPN", "mipss70": "MPN", "mysec": "MPN", "ipset": "MPN", "sokal": "MPN",
    "eutos": "MPN", "elts": "MPN", "transcript": "MPN", "binet": "CLL", "rai": "CLL",
    "cll_ipi": "CLL", "ighv": "CLL", "ighv_identity": "CLL", "cell_of_origin": "lymphoma",
    "ipi": "lymphoma", "r_ipi": "lymphoma", "nccn_ipi": "lymphoma", "flipi": "lymphoma",
    "mipi": "lymphoma", "ann_arbor": "lymphoma",
}  # fmt: skip
_MDS_AML = re.compile(r"\bmds\s?/\s?aml\b")  # ICC 2022: 10 to 19 % blasts
_CMML = re.compile(r"\bcmml|chronic myelomonocytic")


def diseases(cohort: Cohort) -> tuple[Texts, Texts, str]:
    """What each patient has: one of :data:`DISEASES`, another family, or empty if not known.

    Returns
    -------
    tuple
        The disease; the words it was read from, in lower case; the column.
    """
    keys = {
        name: known.key
        for name, variable in cohort.variables.items()
        if (known := term_of(variable.source_column or name) or term_of(name))
    }
    found = np.full(len(cohort), "", dtype=object)
    words = np.full(len(cohort), "", dtype=object)
    used = ""
    columns = [name for key in DIAGNOSES for name in keys if keys[name] == key]
    for name in [*columns, *(["disease_family"] if "disease_family" in cohort.patients else [])]:
        codes, values = cohort.factor(name)
        texts = [str(value) for value in values]
        named = np.array([*map(_disease, texts), ""], dtype=object)[codes]
        said = np.array([*(text.lower() for text in texts), ""], dtype=object)[codes]
        words = np.where(words == "", said, words + np.where(said == "", "", "; " + said))
        used = used or (name if (named != "").any() else "")
        found = np.where(found == "", named, found)
    if (found == "").all():
        for name, key in keys.items():
            if key in _TELLING and name in cohort.patients:
                told = np.full(len(cohort), _TELLING[key], dtype=object)
                return told, words, f"told by {name}"
    return found, words, used


def _disease(text: str) -> str:
    if _CMML.search(text.lower()):
        return "CMML"
    if _MDS_AML.search(text.lower()):
        return "MDS"
    return family_of(text) or ""


def without_bcr(words: Texts) -> Bools:
    """Whose diagnosis says that there is no BCR::ABL1: ET, PV and myelofibrosis."""
    named = re.compile(r"\bet\b|\bpv\b|\bp?mf\b|thrombocyth|polycyth|myelofib|fibrot|fibrosis")
    codes, different = pd.factorize(words)
    found = np.array([named.search(word) is not None for word in different], dtype=bool)
    return np.asarray(found[codes])


def fibrosis_said(words: Texts) -> States:
    """Whether the diagnosis says that the marrow is fibrotic (grade 2 or 3); -1 if it does not."""
    overt, none = re.compile(r"overt|post"), re.compile(r"\bet\b|\bpv\b|thrombocyth|polycyth|pre")
    codes, different = pd.factorize(words)
    found = [1 if overt.search(word) else 0 if none.search(word) else -1 for word in different]
    return np.asarray(np.array(found, dtype=np.int8)[codes])
