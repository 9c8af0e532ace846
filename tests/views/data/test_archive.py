"""A cohort taken away loads back equal."""

from __future__ import annotations

import pytest

from app.views.data._archive import cohort_archive
from data_loaders.demo import load_demo
from data_loaders.uploads import load_upload
from tests.builders import AGE, OS, make_cohort

SMALL = make_cohort(
    {"age_years": [60.0, None, 71.5], "os_months": [3.0, 4.5, 5.0], "os_event": [1.0, 0.0, None]},
    {"CALR": [1, 0, None]},
    variables=(AGE,),
    endpoints=(OS,),
)


@pytest.mark.parametrize("kind", ["study", "tables"])
@pytest.mark.parametrize("cohort", [load_demo("mds", n=80), SMALL], ids=["demo", "small"])
def test_the_archive_loads_back_equal(cohort, kind):
    again = load_upload({"cohort.zip": cohort_archive(cohort, kind)})
    assert again.fingerprint == cohort.fingerprint
