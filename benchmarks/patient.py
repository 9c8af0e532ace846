"""The patient page: server time of one interaction, what it sends, and plain baselines.

``python -m benchmarks.patient`` prints a table: milliseconds by the clock and of the processor (the
latter does not depend on what else the machine does; medians of 7, the first not counted). It fails
where a limit is missed: 200 ms at 3,000 patients, 800 ms at 100,000, 2 MB a page at 3,000.
"""

from __future__ import annotations

import sys
import time

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.neighbors import NearestNeighbors
from streamlit.testing.v1 import AppTest
from threadpoolctl import threadpool_limits

from app.study.figures.theme import framed
from app.views.patient.similar.analysis import reference_medians, similar_patients
from app.views.patient.similar.profiles import profiles_of
from app.views.patient.swimmer.analysis import swimmer
from app.views.patient.swimmer.figures import swimmer_figure
from app.views.patient.timeline import histories
from benchmarks.genomics import payload_mb
from benchmarks.pages import ROOT, Taken, timed
from data_loaders import Cohort
from data_loaders.demo import load_demo

SIZES = (3_000, 100_000)
LIMIT_MS = {3_000: 200, 100_000: 800}
LIMIT_MB = 2.0
ONE, SWIMMER = "One patient", "Swimmer plot"
TABS = ("Patients like this one", "Alterations", "Clinical values")
# View and tab, as one reads them in the table.
PARTS = {**{tab: (ONE, tab) for tab in TABS}, SWIMMER: (SWIMMER, "")}


def opened(cohort: Cohort, part: str) -> AppTest:
    """The page on a view and its tab, drawn once."""
    view, tab = PARTS[part]
    at = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=120)
    at.session_state["_uploads"] = {"upload:benchmark": cohort}
    at.query_params["cohort"] = "upload:benchmark"
    at.query_params["patients"] = view
    if tab:
        at.session_state["patient_tabs"] = tab
    at.switch_page(str(ROOT / "pages" / "patient.py"))
    return at.run()


def interactions(at: AppTest, part: str) -> dict[str, Taken]:
    """Each kind of interaction on a part of the page: server times."""
    ages = at.slider(key="age").value

    def narrow(repeat: int) -> object:
        # Another filter each time: nothing was computed for it before.
        return at.slider(key="age").set_value((ages[0] + 1 + repeat, ages[1]))

    if part != SWIMMER:
        step = timed(at, lambda r: at.number_input(key="patient").set_value(17 + 31 * r))
    else:
        options = at.selectbox(key="swimmer_sort").options
        step = timed(at, lambda r: at.selectbox(key="swimmer_sort").select_index(r % len(options)))
    return {"another order" if part == SWIMMER else "another patient": step,
            "another filter": timed(at, narrow)}  # fmt: skip


def parts(cohort: Cohort) -> None:
    """Time the heaviest parts without the page, beside plain libraries."""
    mask = np.ones(cohort.n, dtype=bool)
    profiles = profiles_of(cohort)
    start = time.perf_counter()
    medians = reference_medians(cohort, mask)
    referred = time.perf_counter() - start
    start = time.perf_counter()
    similar_patients(cohort, mask, 16, references=medians)
    ours = time.perf_counter() - start
    # The baselines compare alterations only, know nothing of "not tested", and have no typicality.
    altered = profiles.altered.astype(bool)
    start = time.perf_counter()
    np.argsort(cdist(altered[16:17], altered, "jaccard")[0], kind="stable")[:26]
    scipy_took = time.perf_counter() - start
    start = time.perf_counter()
    search = NearestNeighbors(n_neighbors=26, metric="jaccard", algorithm="brute").fit(altered)
    search.kneighbors(altered[16:17])
    sklearn_took = time.perf_counter() - start
    # Worked out once a cohort, and before the clock runs.
    histories(cohort)
    start = time.perf_counter()
    figure = framed(swimmer_figure(swimmer(cohort, mask)), "All")
    drawn = time.perf_counter() - start
    print(
        f"{cohort.n:>9,}  nearest patients {1000 * ours:.0f} ms (scipy cdist, alterations only "
        f"{1000 * scipy_took:.0f} ms, scikit-learn {1000 * sklearn_took:.0f} ms); typicality once "
        f"a filter {1000 * referred:.0f} ms; swimmer plot {1000 * drawn:.0f} ms, "
        f"{len(figure.to_json()) / 1e6:.2f} MB"
    )


def main() -> None:
    """Measure, print, and fail on a missed limit."""
    missed = []
    # As the server does when it starts.
    threadpool_limits(limits=1, user_api="blas")
    print(
        f"{'patients':>9}  {'part':<24} {'interaction':<16} {'by the clock':>12} "
        f"{'processor':>10} {'payload':>9}"
    )
    for n in SIZES:
        cohort = load_demo("mpn", n=n)
        for part in PARTS:
            at = opened(cohort, part)
            size = payload_mb(at)
            for what, (clock, processor) in interactions(at, part).items():
                slow = clock > LIMIT_MS[n] or (n == SIZES[0] and size > LIMIT_MB)
                missed += [f"{part}, {what} at {n:,}"] * slow
                print(
                    f"{n:>9,}  {part:<24} {what:<16} {clock:>9.0f} ms {processor:>7.0f} ms "
                    f"{size:>6.2f} MB{'  missed' * slow}"
                )
        parts(cohort)
    if missed:
        sys.exit(f"Limits missed: {', '.join(missed)}.")


if __name__ == "__main__":
    main()
