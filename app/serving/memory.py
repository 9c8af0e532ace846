"""Memory of the server: collected between runs rather than after each, and handed back."""

from __future__ import annotations

import ctypes
import gc
import sys

import anyio
import anyio.to_thread
import pyarrow as pa

_EVERY_S = 15


async def tidy() -> None:
    """Collect garbage for ever, now and then, where something was left since the last time.

    Streamlit would after each run of anybody's page, with all others stopped: a third of what a
    process can do when 40 people use it (``runner.postScriptGC`` in ``.streamlit/config.toml``).
    """
    seen = -1
    while True:
        await anyio.sleep(_EVERY_S)
        young = gc.get_stats()[0]["collections"]
        if young != seen:
            await anyio.to_thread.run_sync(_collect)
        seen = gc.get_stats()[0]["collections"]


def _collect() -> None:
    gc.collect()
    pa.default_memory_pool().release_unused()
    if sys.platform == "linux":
        # What ended sessions held lies scattered between what stays; the C library keeps it.
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
