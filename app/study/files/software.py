"""The software that computed what is taken away."""

from __future__ import annotations

import hashlib
import platform
from functools import cache
from importlib.metadata import version
from pathlib import Path

from app import __version__
from app.study.wording import listing

_ROOT = Path(__file__).parents[3]
_SOURCES = ("app", "data_loaders")
# What the estimates and tests of app.analysis are computed with.
_PACKAGES = {"NumPy": "numpy", "pandas": "pandas", "SciPy": "scipy"}


@cache
def source_digest() -> str:
    """The first 12 digits of the SHA-256 of this product's own source.

    A version says what was meant to run, the digest what ran: it changes with every change.
    """
    digest = hashlib.sha256()
    for folder in _SOURCES:
        for path in sorted((_ROOT / folder).rglob("*.py")):
            digest.update(f"{path.relative_to(_ROOT).as_posix()}\x00".encode() + path.read_bytes())
    return digest.hexdigest()[:12]


@cache
def product() -> str:
    """The product with its version: ``CALR Explorer 1.0.0 (source 0123456789ab)``."""
    return f"CALR Explorer {__version__} (source {source_digest()})"


@cache
def software() -> str:
    """What it computed with, for a sentence: ``Python 3.11.7, NumPy 2.4.6 and ...``."""
    packages = [f"{name} {version(package)}" for name, package in _PACKAGES.items()]
    return listing([f"Python {platform.python_version()}", *packages])


def made_with() -> str:
    """The last sentence of every methods paragraph: the product, its version and its packages."""
    return f"Analyses were done with {product()}, on {software()}."
