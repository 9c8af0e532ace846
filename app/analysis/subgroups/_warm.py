"""Compile in advance what the first search would otherwise wait for."""

from __future__ import annotations

import numpy as np
import pandas as pd

from app.analysis.subgroups._find import find_subgroups
from app.analysis.subgroups._settings import SubgroupSettings

_PATIENTS = 240
_FEATURES = 12


def warm_up() -> None:
    """Run one small search on random data, so that UMAP and the inner loops are compiled.

    Takes 10 to 25 seconds in a fresh process, under a second afterwards.
    """
    rng = np.random.default_rng(0)
    bits = rng.random((_PATIENTS, _FEATURES)) < 0.2
    group = np.arange(_PATIENTS) % 3
    bits[np.arange(_PATIENTS), group] = True
    frame = pd.DataFrame(bits, columns=[f"F{number}" for number in range(_FEATURES)])
    find_subgroups(frame, SubgroupSettings(quality="preview"))
