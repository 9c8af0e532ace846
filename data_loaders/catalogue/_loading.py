"""A cohort of the catalogue, with its provenance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from data_loaders.catalogue._mpn import mpn_table
from data_loaders.catalogue.entries import CatalogueEntry, entry_named
from data_loaders.catalogue.fetching import Progress, cache_folder, fetch
from data_loaders.loading import load_files
from data_loaders.model import Cohort, Provenance

_SHARE_OF_FETCHING = 0.6


def load_catalogue(name: str, *, progress: Progress | None = None) -> Cohort:
    """Load a public cohort; it is downloaded on the first call and cached.

    With the environment variable ``CALR_EXPLORER_MIRROR`` set to a folder, published files are
    taken from there and never downloaded; studies of cBioPortal are asked for over its API.

    Parameters
    ----------
    progress
        Called with what is being done and the share that is done, from 0 to 1.

    Raises
    ------
    CohortError
        With one sentence: no such cohort, no network, a wrong hash, a full disk.
    """
    entry = entry_named(name)
    tell = progress or (lambda _what, _share: None)
    cohort = _study(entry, tell) if entry.study_id else _published(entry, tell)
    tell("Done", 1.0)
    return cohort


def _published(entry: CatalogueEntry, tell: Callable[[str, float], None]) -> Cohort:
    files = fetch(entry, lambda what, share: tell(what, _SHARE_OF_FETCHING * share))
    tell("Putting the tables together", _SHARE_OF_FETCHING)
    if entry.recipe == "mpn_workspace":
        files = dict(mpn_table(file, data) for file, data in files.items())
    cohort = load_files(files, name=entry.title, clinical=entry.clinical or None)
    return replace(cohort, provenance=_provenance(entry, entry.source))


def _study(entry: CatalogueEntry, tell: Callable[[str, float], None]) -> Cohort:
    from data_loaders.cbioportal.api import PUBLIC, load_from_api  # a web client, needed only here

    cohort = load_from_api(
        PUBLIC,
        entry.study_id,
        progress=lambda share, what: tell(what.removesuffix("."), share),
        cache=cache_folder() / "cbioportal",
        name=entry.title,
    )
    return replace(
        cohort, provenance=_provenance(entry, f"{entry.source}, {cohort.provenance.version}")
    )


def _provenance(entry: CatalogueEntry, version: str) -> Provenance:
    return Provenance(
        source=f"catalogue:{entry.name}",
        citation=entry.citation,
        licence=entry.licence,
        version=version,
        note=entry.note,
    )
