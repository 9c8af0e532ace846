"""Studies of any cBioPortal instance over its REST API: listed, searched, loaded, cached."""

from __future__ import annotations

import hashlib
import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import platformdirs

from data_loaders.cbioportal._download import Progress, download_study
from data_loaders.cbioportal.client import ATTEMPTS, Address, Client, Json
from data_loaders.cbioportal.cohort import cohort_from_study
from data_loaders.cohort_folder import read_cohort, write_cohort
from data_loaders.model import Cohort, CohortError, Loading
from data_loaders.wording import plural

PUBLIC = "https://www.cbioportal.org"

_STUDY_ID = re.compile(r"[A-Za-z0-9._-]{1,255}")
_CACHE_VERSION = 2  # raise it when a study would be understood otherwise


@dataclass(frozen=True)
class StudySummary:
    """A study of an instance.

    Parameters
    ----------
    cancer_type
        Its OncoTree code or name.
    samples
        How many it has; None if the instance does not say.
    """

    study_id: str
    name: str
    description: str
    citation: str
    cancer_type: str
    samples: int | None


def list_studies(
    base_url: str = PUBLIC,
    keyword: str | None = None,
    token: str | None = None,
    *,
    timeout: float = 60.0,
    attempts: int = ATTEMPTS,
) -> list[StudySummary]:
    """The studies of an instance, by name.

    Parameters
    ----------
    base_url
        Of the instance, such as ``https://www.cbioportal.org``; ``http`` only on this machine.
    keyword
        Words to look for in names and cancer types; default all studies.
    token
        Data access token of an instance that asks for one.
    timeout
        Seconds without a sign of life after which a request is given up.
    attempts
        How often a request that fails in passing is tried.

    Raises
    ------
    CohortError
        With one sentence, whatever went wrong.
    """
    client = Client(Address.parse(base_url), token, timeout, total=2 * timeout, attempts=attempts)
    query: dict[str, str | int] = {"projection": "DETAILED", "sortBy": "studyId"}
    if keyword and keyword.strip():
        query["keyword"] = keyword.strip()
    try:
        rows = client.rows("GET", "studies", None, **query)
    finally:
        client.close()
    return sorted((_summary(row) for row in rows), key=lambda study: study.name.lower())


def load_from_api(
    base_url: str,
    study_id: str,
    token: str | None = None,
    progress: Progress | None = None,
    cache: str | Path | bool | None = None,
    *,
    name: str | None = None,
    refresh: bool = False,
    timeout: float = 60.0,
    client: Client | None = None,
) -> Cohort:
    """Load a study from an instance.

    Parameters
    ----------
    base_url
        Of the instance; ``http`` only on this machine.
    token
        Data access token of an instance that asks for one. It is neither logged nor cached.
    progress
        Called with the share that is done (0 to 1) and a sentence.
    cache
        A folder to keep the cohort in, or False for none. By default studies that need no token
        are kept in the user's cache folder, and studies that need one are not kept: whoever shares
        the machine's account could read them. A folder that is given is read without a token, too.
    refresh
        Download again although the cohort is in the cache.
    timeout
        Seconds without a sign of life after which a request is given up.
    client
        To use instead of a new one; its address and token count.

    Raises
    ------
    CohortError
        With one sentence, whatever went wrong.
    """
    address = client.address if client else Address.parse(base_url)
    if not _STUDY_ID.fullmatch(study_id):
        raise CohortError(
            "That is no identifier of a study; it has letters, digits, points, underscores and "
            "hyphens, such as mds_iwg_2022."
        )
    tell = progress or (lambda _share, _sentence: None)
    private = (client.token if client else token) is not None
    kept = _cache_folder(address, study_id, cache, private=private)
    if kept is not None and not refresh:
        cohort = _from_cache(kept)
        if cohort is not None:
            tell(1.0, "Read from the cache.")
            return _named(cohort, name, address, study_id)
    own = client or Client(address, token, timeout)
    try:
        study = download_study(own, study_id, tell)
    finally:
        if client is None:
            own.close()
    tell(0.95, "Understanding the study.")
    cohort = cohort_from_study(study)
    if kept is not None:
        _to_cache(cohort, kept)
    tell(1.0, f"{plural(cohort.n, 'patient')} loaded.")
    return _named(cohort, name, address, study_id)


def _named(cohort: Cohort, name: str | None, address: Address, study_id: str) -> Cohort:
    loading = Loading("api", (address.root,), {"study": study_id})
    return replace(cohort, name=name or cohort.name).loaded_by(loading)


def cache_folder() -> Path:
    """Where studies of the API are kept by default."""
    return Path(platformdirs.user_cache_dir("calr-explorer", appauthor=False)) / "cbioportal"


def _summary(row: Json) -> StudySummary:
    cancer = row.get("cancerType")
    count = row.get("allSampleCount")
    return StudySummary(
        study_id=str(row.get("studyId", "")),
        name=str(row.get("name") or row.get("studyId", "")),
        description=str(row.get("description") or ""),
        citation=str(row.get("citation") or ""),
        cancer_type=str(
            (cancer.get("name") if isinstance(cancer, dict) else None)
            or row.get("cancerTypeId")
            or ""
        ),
        samples=count if isinstance(count, int) else None,
    )


def _cache_folder(
    address: Address, study_id: str, cache: str | Path | bool | None, *, private: bool
) -> Path | None:
    if cache is False or (private and cache in {None, True}):
        return None
    root = cache_folder() if cache is None or cache is True else Path(cache)
    host = re.sub(r"[^A-Za-z0-9.-]", "_", address.host)
    digest = hashlib.sha256(f"{address.root}\n{study_id}".encode()).hexdigest()[:12]
    return root / f"v{_CACHE_VERSION}" / host[:80] / f"{study_id[:80]}_{digest}"


def _from_cache(folder: Path) -> Cohort | None:
    """The cohort of the cache; None if there is none, or it is damaged, which is then cleared."""
    if not folder.is_dir():
        return None
    try:
        return read_cohort(folder)
    except CohortError:
        shutil.rmtree(folder, ignore_errors=True)
        return None


def _to_cache(cohort: Cohort, folder: Path) -> None:
    """Keep a cohort; a full disk or a forbidden folder costs the next download, not this one."""
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_cohort(cohort, folder)
    except (CohortError, OSError):
        shutil.rmtree(folder, ignore_errors=True)
