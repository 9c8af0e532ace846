"""Whether this server can do its work: its store, its worker, room on its disks, its audit."""

from __future__ import annotations

import shutil
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse

from app import __version__
from app.shell.watch.audit import audit_works
from app.shell.work.service import job_service
from app.study.files.software import source_digest
from app.study.workspace import WorkspaceError, opened, store_setting
from data_loaders import settings
from data_loaders.catalogue import cache_folder

# Below it the next upload, download or audit line may not fit.
_LEAST_MIB = 256


async def health(_request: Request) -> JSONResponse:
    """What works, for a monitor: 200, or 503 where something does not."""
    checks = await run_in_threadpool(checked)
    works = all(check["works"] for check in checks.values())
    told = {
        "status": "ok" if works else "failing", "version": __version__, "source": source_digest(),
        **checks,
    }  # fmt: skip
    return JSONResponse(told, 200 if works else 503, {"cache-control": "no-store"})


def checked() -> dict[str, dict[str, object]]:
    """Each part, whether it ``works``, and a figure or a sentence beside it."""
    free = _free_mib()
    checks: dict[str, dict[str, object]] = {
        "worker": {"works": job_service().alive},
        "disk": {"works": free >= _LEAST_MIB, "free_mib": free},
        "store": _store(),
    }
    if settings.AUDIT.read():
        checks["audit"] = {"works": audit_works()}
    return checks


def _store() -> dict[str, object]:
    try:
        store = opened()
        if store is None:
            return {"works": True, "kept": "nothing is kept yet"}
        store.cohorts("")  # nobody's: asks whether it answers
    except WorkspaceError as error:
        return {"works": False, "reason": str(error)}
    return {"works": True}


def _free_mib() -> int:
    """Room where least is left of the places that this server writes to."""
    where = store_setting()
    places = [cache_folder(), *([where] if isinstance(where, Path) else [])]
    if settings.AUDIT.read():
        places.append(Path(settings.AUDIT.read()))
    return min(shutil.disk_usage(_there(place)).free for place in places) // 2**20


def _there(place: Path) -> Path:
    """The place, or else the folder above it that is there."""
    return next(folder for folder in (place, *place.absolute().parents) if folder.exists())
