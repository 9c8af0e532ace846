"""Memory of the server: collected between runs rather than after each, and handed back."""

from __future__ import annotations

import ctypes
import gc
import sys

import anyio
import anyio.to_thread
import pyarrow as pa
from streamlit import runtime

_EVERY_S = 15


async def tidy() -> None:
    """Collect garbage for ever, now and then, where something was left since the last time.

    Streamlit would after each run of anybody's page, with all others stopped: a third of what a
    process can do when 40 people use it (``runner.postScriptGC`` in ``.streamlit/config.toml``).
    """
    seen = (-1, 0)
    while True:
        await anyio.sleep(_EVERY_S)
        held = _sessions_held()
        if (_collections(), held) != seen:
            await anyio.to_thread.run_sync(_collect)
        seen = (_collections(), held)


def _collections() -> int:
    return int(gc.get_stats()[0]["collections"])


def _sessions_held() -> int:
    """How many sessions of those who left are kept for their return.

    Streamlit keeps one for two minutes, and forgets it only when the next one leaves: where nobody
    does, all that a full room held would stay. To ask for their number forgets them.
    """
    if not runtime.exists():
        return 0
    manager = runtime.get_instance()._session_mgr  # noqa: SLF001  (no public way)
    storage = getattr(manager, "_session_storage", None)
    return len(getattr(storage, "_cache", ()))


def _collect() -> None:
    gc.collect()
    pa.default_memory_pool().release_unused()
    if sys.platform == "linux":
        # What ended sessions held lies scattered between what stays; the C library keeps it.
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
