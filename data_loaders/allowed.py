"""From which folders and hosts a server may read for its users.

On a machine of one's own any database file and any host may be named. A server that others reach
must not read what they could not: it would open any file for them and knock at any door of its
network. There, what may be read is listed by who runs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from data_loaders.databases.address import parse_address
from data_loaders.model import CohortError
from data_loaders.settings import SHARED, SOURCES


@dataclass(frozen=True)
class Allowed:
    """The folders and hosts that may be read; everything where ``listed`` is None.

    Parameters
    ----------
    listed
        Absolute folders, and hosts with or without a port, as the setting lists them.
    """

    listed: tuple[str, ...] | None

    @classmethod
    def of(cls, *, shared: bool, environment: Mapping[str, str] | None = None) -> Allowed:
        """What the environment allows, by commas: ``/srv/registry,db.hospital.example:5432``.

        Parameters
        ----------
        shared
            Whether others than the user of this machine reach the server, or disclosure control is
            on: then nothing is allowed that is not listed.
        environment
            Where the setting stands; the process's own where None.
        """
        listed = SOURCES.listed(environment)
        shared = shared or SHARED.read(environment) == "yes"
        return cls(listed if listed or shared else None)

    @property
    def nothing(self) -> bool:
        """Whether no source of this kind may be read at all."""
        return self.listed == ()

    def check_database(self, url: str) -> None:
        """Refuse the address of a database that may not be read.

        Raises
        ------
        CohortError
            If it is no address of a database, or not on the list.
        """
        address = parse_address(url)
        if self.listed is None:
            return
        if address.kind == "duckdb":
            self.check_path(address.settings["path"])
            return
        host = address.settings.get("host", "")
        if host.startswith("/"):
            self.check_path(host)
        else:
            self._check_host(host or "localhost", address.settings.get("port", ""))

    def check_web(self, url: str) -> None:
        """Refuse a web address that may not be asked.

        Raises
        ------
        CohortError
            If its host is not on the list.
        """
        if self.listed is None:
            return
        text = url.strip()
        try:
            parts = urlsplit(text if "://" in text else f"https://{text}")
            host, port = parts.hostname or "", parts.port
        except ValueError:
            host, port = "", None
        self._check_host(host, "" if port is None else str(port))

    def check_path(self, path: str) -> None:
        """Refuse a file or folder that may not be read.

        Raises
        ------
        CohortError
            If it is in none of the folders on the list.
        """
        if self.listed is None:
            return
        # Links are followed first: a link within a listed folder may lead out of it.
        try:
            real = Path(path).resolve()
        except (OSError, ValueError, RuntimeError):
            raise _refused() from None
        folders = (Path(entry).resolve() for entry in self.listed if entry.startswith("/"))
        if not any(real.is_relative_to(folder) for folder in folders):
            raise _refused()

    def _check_host(self, host: str, port: str) -> None:
        name = host.lower().rstrip(".")
        if not name or not {name, f"{name}:{port}"} & {e.lower() for e in self.listed or ()}:
            raise _refused()


def _refused() -> CohortError:
    # One sentence whether it exists or not: the answer must not tell what is there.
    return CohortError(
        "This server reads only from the folders and hosts that its administrator has listed, and "
        f"this is none of them; ask for it to be added to {SOURCES.name}."
    )
