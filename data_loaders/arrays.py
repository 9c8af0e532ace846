"""The types of arrays that functions take and return."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
# Which rows or columns; which group each patient has; of an alteration 1, 0 or -1 for not tested.
Positions = npt.NDArray[np.intp]
Codes = npt.NDArray[np.int16]
States = npt.NDArray[np.int8]
Texts = npt.NDArray[np.object_]
