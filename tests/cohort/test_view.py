"""A view is plain data: it survives JSON."""

from __future__ import annotations

import json

import pytest

from app.cohort.filters import Filter, FilterError
from app.cohort.view import View


def test_a_view_reads_back_equal_from_json():
    chosen = Filter.from_dict({"all": [{"column": "diagnosis", "in": ["MF"]}, {"altered": "CALR"}]})
    view = View("demo:mpn", chosen, "survival", {"group": "alteration:ASXL1"})
    assert View.from_dict(json.loads(json.dumps(view.to_dict()))) == view


def test_a_view_without_filter_shows_everyone():
    assert View.from_dict({"cohort": "demo:mds"}) == View("demo:mds")


def test_a_view_with_a_broken_filter_says_so():
    with pytest.raises(FilterError):
        View.from_dict({"cohort": "demo:mpn", "filter": {"sideways": 1}})
