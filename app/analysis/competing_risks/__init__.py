"""Competing risks: cumulative incidence, Gray's test, hazards by group, the Fine-Gray model."""

from app.analysis.competing_risks._cumulative_incidence import (
    CumulativeIncidence,
    cumulative_incidence,
    cumulative_incidence_from_events,
)
from app.analysis.competing_risks._fine_gray import fine_gray
from app.analysis.competing_risks._gray import GrayTest, gray_test, gray_test_from_events
from app.analysis.competing_risks._group_hazards import (
    GroupModel,
    group_cox,
    group_cox_from_events,
    group_cox_of,
    group_fine_gray,
)
from app.analysis.competing_risks._ratio_of_two import hazard_ratios_from_events
