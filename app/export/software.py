"""The software that computed what is taken away."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import version

from app.analysis.wording import listing

# What the estimates and tests of app.analysis are computed with.
_PACKAGES = {"NumPy": "numpy", "pandas": "pandas", "SciPy": "scipy"}


@cache
@cache
def software() -> str:
    """The software with its versions, for a sentence: ``Python 3.11.7, NumPy 2.4.6 and ...``."""
    packages = [f"{name} {version(package)}" for name, package in _PACKAGES.items()]
    return listing([f"Python {platform.python_version()}", *packages])
