"""Reading a file of the user's, never more than a limit and never what is no file."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from data_loaders.model import CohortError
from data_loaders.wording import shown

_NO_FILE = "it is no file but a folder, device or pipe; give a file."


def read_regular(path: Path, most: int) -> bytes:
    """The content of a regular file; at most one byte more than the limit is read.

    A named pipe waits for ever, and a device such as ``/dev/zero`` never ends: both are refused
    before they are opened.

    Raises
    ------
    CohortError
        If it cannot be read, is no regular file or is larger.
    """
    file = shown(path.name or path)
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise CohortError(f"{file} cannot be opened: {_NO_FILE}")
        # Between the two looks it may have been exchanged; opening must not wait then.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(handle, "rb") as stream:
            size = os.fstat(stream.fileno())
            if not stat.S_ISREG(size.st_mode):
                raise CohortError(f"{file} cannot be opened: {_NO_FILE}")
            data = b"" if size.st_size > most else stream.read(most + 1)
    except FileNotFoundError as error:
        raise CohortError(f"{file} cannot be found; check the path.") from error
    except (OSError, ValueError) as error:
        if isinstance(error, CohortError):
            raise
        raise CohortError(
            f"{file} cannot be opened; check the path and its permissions."
        ) from error
    if size.st_size > most or len(data) > most:
        raise CohortError(f"{file} is larger than {most / 2**20:g} MiB, the most that is read.")
    return data
