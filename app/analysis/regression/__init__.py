"""Cox models and what is made of them: arrays and frames in, frozen results out."""

from app.analysis.regression._across_sites import (
    Likelihood,
    after_rounds,
    largest_share,
    likelihood_at,
    one_shot,
    summed,
)
from app.analysis.regression._adjusted_survival import (
    AdjustedSurvival,
    adjusted_survival,
    support_sentences,
)
from app.analysis.regression._concordance import (
    concordance_index,
    observed_before,
    observed_until,
)
from app.analysis.regression._cox import cox, cox_time_varying
from app.analysis.regression._cox_model import CoxModel
from app.analysis.regression._cutpoints import Cutpoint, optimal_cutpoint
from app.analysis.regression._effects_by_level import subgroup_effects
from app.analysis.regression._scan import survival_scan
from app.analysis.regression._time_dependent import (
    Landmark,
    SimonMakuch,
    compare_landmarks,
    counting_process,
    landmark,
    simon_makuch,
)
