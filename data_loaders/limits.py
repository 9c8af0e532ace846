"""How much is read: limits that protect the machine, and that a deployment may set."""

from __future__ import annotations

from data_loaders.model import CohortError
from data_loaders.settings import Setting


def limit(setting: Setting) -> int:
    """A limit: what the deployment set, else its default.

    Raises
    ------
    CohortError
        If the setting holds anything but a whole number above zero.
    """
    text = setting.read()
    if not text.isdecimal() or int(text) < 1:
        raise CohortError(
            f"The environment variable {setting.name} needs a whole number above zero, such as "
            f"{setting.default}."
        )
    return int(text)
