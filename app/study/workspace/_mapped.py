"""Numbers of a large kept cohort in a file that all processes of a server map into their memory.

The processes then hold them once. Texts are objects of Python's and stay each process's own. The
folder is a private one of the server's (``calr-explorer serve`` makes it and takes it away).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from copy import copy
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_loaders import Cohort
from data_loaders.settings import COMMON

_LEAST = 50_000  # patients: below, a file is not worth its while
_ALIGNED = 64
_FRAMES = ("patients", "alterations")


def in_common(cohort: Cohort, name: str) -> Cohort:
    """The same cohort, its numbers and truth values in the common file of that name.

    Parameters
    ----------
    name
        Of this content and no other, ever.
    """
    if not COMMON.read() or cohort.n < _LEAST:
        return cohort
    path = Path(COMMON.read()) / name
    try:
        if not path.exists():
            beside = path.with_name(f"{name}.{secrets.token_hex(4)}")
            with beside.open("xb") as stream:
                for array in _arrays(cohort):
                    stream.write(array.tobytes())
                    stream.write(bytes(-array.nbytes % _ALIGNED))
            beside.replace(path)
        # A page that anybody writes to becomes their own.
        held = np.asarray(np.memmap(path, np.uint8, "c"))
    except OSError:
        return cohort  # no room: each has its own, as a server of one process
    mapped = copy(cohort)
    at = 0
    for frame_name in _FRAMES:
        frame: pd.DataFrame = getattr(cohort, frame_name)
        columns = dict[str, object]()
        for column in frame:
            given = list(_of(frame[column]))
            taken = list[npt.NDArray[np.generic]]()
            for array in given:
                taken.append(held[at : at + array.nbytes].view(array.dtype))
                at += array.nbytes + -array.nbytes % _ALIGNED
            if not taken:
                columns[column] = frame[column]
            elif len(taken) == 1:
                columns[column] = taken[0]
            else:
                columns[column] = pd.arrays.BooleanArray(*taken)
        made = pd.DataFrame(columns, index=frame.index, columns=frame.columns, copy=False)
        object.__setattr__(mapped, frame_name, made)
    return mapped


def forget(name: str) -> None:
    """Take away a common file; who has it open keeps what they have."""
    if COMMON.read() and name:
        (Path(COMMON.read()) / name).unlink(missing_ok=True)


def _arrays(cohort: Cohort) -> Iterator[npt.NDArray[np.generic]]:
    for name in _FRAMES:
        frame: pd.DataFrame = getattr(cohort, name)
        for column in frame:
            yield from _of(frame[column])


def _of(column: pd.Series) -> Iterator[npt.NDArray[np.generic]]:
    """The arrays of a column of numbers, or of truth values that may be missing; else none."""
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "biuf":
        yield column.to_numpy()
    elif isinstance(column.dtype, pd.BooleanDtype):
        yield column.to_numpy(bool, na_value=False)
        yield column.isna().to_numpy()
