"""One headless Chrome or Chromium, kept for the life of the process, that draws figures."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import threading
from collections.abc import Coroutine
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from data_loaders.settings import BROWSER

_T = TypeVar("_T")

SECONDS = 60.0
# Nothing listens there: a figure of patients is drawn by a browser that cannot reach any network.
_NO_NETWORK = "http://127.0.0.1:9"
_INSTEAD = (
    "install Chromium on the server (Debian: apt-get install chromium), or save the figure with "
    "the camera in its toolbar"
)


class ExportError(RuntimeError):
    """A figure that cannot be made into a file; the message is one sentence for the user."""


def export_available() -> tuple[bool, str]:
    """Whether figures can be made into files on this machine, and if not, why.

    ``BROWSER_PATH`` in the environment names the browser to use; else the usual places are
    searched.

    Returns
    -------
    tuple
        True and an empty text, or False and one sentence.
    """
    try:
        found = _find_browser()
    except ImportError:
        return False, "Figures need the package kaleido on the server: pip install kaleido."
    if found is None or not Path(found).is_file():
        return False, f"No Chrome or Chromium was found: {_INSTEAD}."
    return True, ""


def draw(figure: dict[str, Any], options: dict[str, Any]) -> bytes:
    """Draw a figure with the kept browser; callable from any thread.

    Parameters
    ----------
    options
        Kaleido's ``format``, ``width``, ``height`` and ``scale``.

    Raises
    ------
    ExportError
        If there is no browser, or it cannot draw the figure.
    """
    available, reason = export_available()
    if not available:
        raise ExportError(reason)
    try:
        return _kept_browser().draw(figure, options)
    except Exception as error:  # kaleido and the browser fail in many ways, all alike to the user
        raise ExportError(
            f"The browser on the server did not draw the figure; try again, or {_INSTEAD}."
        ) from error


def _find_browser() -> str | None:
    import choreographer  # noqa: F401  (comes with kaleido: without it nothing is drawn)

    with contextlib.suppress(LookupError):
        return BROWSER.read() or _usual_browser()
    return None


@cache
def _usual_browser() -> str:
    """The browser in the usual places; one that was found is not looked for at every figure."""
    from choreographer.browsers.chromium import Chromium

    found = Chromium.find_browser(skip_local=False)
    if found is None:
        raise LookupError
    return str(found)


@cache
def _kept_browser() -> _KeptBrowser:
    return _KeptBrowser()


class _KeptBrowser:
    """A browser with an event loop on a thread of its own; one figure at a time."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._kaleido: Any = None
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="figures", daemon=True).start()

    def draw(self, figure: dict[str, Any], options: dict[str, Any]) -> bytes:
        with self._turn:
            kept = self._kaleido is not None
            try:
                return self._wait(self._draw(figure, options))
            except Exception:
                self._end()
                if not kept:
                    raise
            # A browser that was idle may have been killed: once more with a new one.
            return self._wait(self._draw(figure, options))

    def close(self) -> None:
        """End the browser; the next figure starts another."""
        with self._turn:
            self._end()

    def _end(self) -> None:
        if self._kaleido is not None:
            kaleido, self._kaleido = self._kaleido, None
            with contextlib.suppress(Exception):  # it may be gone already
                self._wait(kaleido.close())

    def _wait(self, work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(SECONDS)

    async def _draw(self, figure: dict[str, Any], options: dict[str, Any]) -> bytes:
        if self._kaleido is None:
            from kaleido import Kaleido  # type: ignore[import-untyped]

            self._kaleido = await Kaleido(
                path=_find_browser(), mathjax=False, proxy_server=_NO_NETWORK, timeout=SECONDS / 2
            )
            # Now, not earlier: exit goes backwards, and kaleido's own folders must outlive it.
            atexit.register(self.close)
        drawn: bytes = await self._kaleido.calc_fig(figure, opts=options)
        return drawn
