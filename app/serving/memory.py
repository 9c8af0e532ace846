"""Memory of the server: collected between runs rather than after each, and handed back."""

from __future__ import annotations

import ctypes
import gc
import sys

import anyio
import anyio.to_thread
import pyarrow as pa
from streamlit import runtime
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.websocket_session_manager import WebsocketSessionManager

_EVERY_S = 15


async def tidy() -> None:
    """Collect garbage for ever, now and then, where something was left since the last time.

    Streamlit would after each run of anybody's page, with all others stopped: a third of what a
    process can do when 40 people use it (``runner.postScriptGC`` in ``.streamlit/config.toml``).
    """
    seen = -1
    gone: list[AppSession] = []
    unshown: set[str] = set()
    while True:
        await anyio.sleep(_EVERY_S)
        ended = 0
        if runtime.exists():
            ended = end_sessions(_sessions(), gone)
            unshown = forget_downloads(runtime.get_instance().media_file_mgr, unshown)
        if ended or _collections() != seen:
            await anyio.to_thread.run_sync(_collect)
        seen = _collections()


def end_sessions(sessions: WebsocketSessionManager, gone: list[AppSession]) -> int:
    """Shut down the sessions that nobody can come back to; how many.

    Streamlit keeps a session whose browser left (``server.disconnectedSessionTTL``), forgets it
    when the next one leaves, and does not shut it down: what it sent, its files and its listeners
    would stay as long as the process.

    Parameters
    ----------
    gone
        Those that were taken out of what is kept since the last time; it is emptied.
    """
    kept = sessions._session_storage._cache  # type: ignore[attr-defined]  # noqa: SLF001
    kept._on_remove = lambda _, held: gone.append(held.session)  # noqa: SLF001
    kept.expire()
    # Who came back was taken out, too, and is open again or kept anew.
    over = [one for one in gone if sessions.get_session_info(one.id) is None]
    gone.clear()
    for one in over:
        one.shutdown()
    return len(over)


def forget_downloads(files: MediaFileManager, unshown: set[str]) -> set[str]:
    """Forget what makes the downloads that no page shows any more, and did not the last time.

    Streamlit forgets at the end of anybody's run what pages that run just then have not drawn
    again: the buttons that stand there meanwhile would find nothing to download.

    Parameters
    ----------
    unshown
        What no page showed the last time, as this returned it.
    """
    files._remove_orphaned_deferred_callables = lambda: None  # type: ignore[method-assign]  # noqa: SLF001
    with files._lock:  # noqa: SLF001
        shown = files._files_by_session_and_coord.values()  # noqa: SLF001
        now = set(files._deferred_callables).difference(*(held.values() for held in shown))  # noqa: SLF001
        for file_id in now & unshown:
            files._drop_deferred_id(file_id)  # noqa: SLF001
    return now - unshown


def _sessions() -> WebsocketSessionManager:
    return runtime.get_instance()._session_mgr  # type: ignore[return-value]  # noqa: SLF001


def _collections() -> int:
    return int(gc.get_stats()[0]["collections"])


def _collect() -> None:
    gc.collect()
    pa.default_memory_pool().release_unused()
    if sys.platform == "linux":
        # What ended sessions held lies scattered between what stays; the C library keeps it.
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
