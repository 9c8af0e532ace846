"""What is done before the port opens, so that no visitor waits for it."""

from __future__ import annotations

import gc
import importlib
import pkgutil

from streamlit import config

import app.shell
import app.views
from app.shell.session import DEFAULT_COHORT, demo_cohort
from app.shell.work.service import job_service
from data_loaders.files.formats import MAX_FILE_BYTES


def warm_up() -> None:
    """Start the worker, which compiles in its own process; load the pages and the first cohort."""
    job_service()
    # What a browser may send is what the loaders read: one limit, from one place.
    config.set_option("server.maxUploadSize", max(1, MAX_FILE_BYTES // 2**20))
    for package in (app.shell, app.views):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    demo_cohort(DEFAULT_COHORT)
    # Streamlit collects garbage after every run, with the whole program stopped. What is loaded by
    # now stays for good, so it need not be searched: a tenth of a second for every run of anybody.
    gc.collect()
    gc.freeze()


def shut_down() -> None:
    """End the worker."""
    job_service().close()
