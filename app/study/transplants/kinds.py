"""Allogeneic and autologous transplants, told apart where the cohort records the kind."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from app.analysis.arrays import Bools
from app.study.transplants.confounders import TRANSPLANT
from data_loaders import Cohort

ALLOGENEIC, AUTOLOGOUS = "allogeneic", "autologous"
_AUTO = re.compile(r"(?<![a-z])auto(?!immun)|\basct\b|eigen", re.IGNORECASE)
_ALLO = re.compile(
    r"allo|haplo|fremd|unrelated|related|(?<![a-z])m{0,2}(?:ud|rd|sd)(?![a-z])|sibling|geschwister|"
    r"famil|cord|nabel|syngen|matched|volunt|donor|donneur|donatore|donante",
    re.IGNORECASE,
)
_NONE = re.compile(
    r"^\s*(?:0(?:\.0)?|no|none|nein|keine?|never|not done|nessuno|aucune?)\s*$", re.IGNORECASE
)


@dataclass(frozen=True, eq=False)
class TransplantKinds:
    """Whose transplant was of which kind.

    Attributes
    ----------
    allogeneic, autologous
        Patients of the cohort, shape (n,); those whose kind cannot be read are in neither.
    """

    column: str
    allogeneic: Bools
    autologous: Bools

    def other_than(self, kind: str) -> Bools:
        """Whose transplant is known to be of the other kind."""
        return self.autologous if kind == ALLOGENEIC else ~self.autologous


def transplant_kinds(cohort: Cohort) -> TransplantKinds | None:
    """The kinds of transplant that a cohort records; None unless it has both."""
    for variable in cohort.variables.values():
        if variable.kind not in {"categorical", "text"} or variable.name not in cohort.patients:
            continue
        if not TRANSPLANT.search(f"{variable.name} {variable.label}"):
            continue
        values = cohort.patients[variable.name].astype("string")
        words = {value: _kind(str(value)) for value in values.dropna().unique()}
        kinds = values.map(words).fillna("")
        found = [np.asarray(pd.Series(kinds) == kind) for kind in (ALLOGENEIC, AUTOLOGOUS)]
        if all(own.any() for own in found):
            return TransplantKinds(variable.name, *found)
    return None


def _kind(value: str) -> str:
    if _NONE.fullmatch(value):
        return ""
    if _AUTO.search(value):
        return AUTOLOGOUS
    return ALLOGENEIC if _ALLO.search(value) else ""
