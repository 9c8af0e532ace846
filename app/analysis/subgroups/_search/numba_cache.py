"""Where numba keeps what it compiled, also on a machine that is read-only, and what it keeps."""

from __future__ import annotations

import os
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from data_loaders.settings import NUMBA_CACHE


def ensure_cache_folder() -> None:
    """Point numba to a private temporary folder if it could write nowhere else.

    UMAP asks numba to cache what it compiles, and importing it fails where neither its own folder
    nor the user's cache is writable. Must run before numba is imported. Does nothing if the
    deployment has set ``NUMBA_CACHE_DIR``.
    """
    if NUMBA_CACHE.read():
        return
    spec = find_spec("umap")
    own = Path(spec.origin).parent if spec is not None and spec.origin else None
    if own is not None and _writable(own) and _writable(Path(__file__).parent):
        return
    if not _writable(Path.home() / ".cache" / "numba"):
        os.environ[NUMBA_CACHE.name] = tempfile.mkdtemp(prefix="numba-")


def _writable(folder: Path) -> bool:
    """Whether the folder can be written, or created where it does not exist yet."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return os.access(folder, os.W_OK)


@cache
def keep_what_umap_compiles() -> None:
    """Have numba keep what UMAP compiles anew in every process: 10 seconds of its first map."""
    from umap import umap_

    umap_.fast_knn_indices.enable_caching()
    umap_.smooth_knn_dist.enable_caching()
    umap_.compute_membership_strengths.enable_caching()
