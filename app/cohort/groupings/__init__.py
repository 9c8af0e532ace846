"""How patients are grouped: by what, as plain data, and the groups that come of it."""

from app.cohort.groupings._arrangement import (
    MAX_NAME,
    Arrangement,
    arranged,
    group_order,
    small_groups,
)
from app.cohort.groupings._cuts import (
    CLINICAL,
    MEDIAN,
    OPTIMAL,
    QUARTILES,
    TERTILES,
    TYPED,
    Cut,
    cut_options,
    fixed_by_counts,
    fixed_cut,
    fixed_steps,
    median_split,
    readable_cut,
    typed_values,
)
from app.cohort.groupings._grouping import (
    ALTERATIONS,
    LEFT_OUT,
    MIN_GROUP_FOR_TEST,
    MISSING,
    NOT_DRAWN,
    NOT_TESTED,
    OUTSIDE,
    SEVERAL,
    UNKNOWN,
    Grouping,
    GroupingError,
    NoSuchVariableError,
)
from app.cohort.groupings._kinds import allele_genes
from app.cohort.groupings._named import filters_from_text
from app.cohort.groupings._overlap import POLICY, Combination, Overlap, combined, overlap
from app.cohort.groupings._regrouping import joined_groups, only_groups, selection_against_rest
from app.cohort.groupings._saved import (
    LARGEST_CONTENT,
    clean_name,
    saved_from_json,
    saved_from_text,
    saved_of_text,
    saved_to_json,
    saved_to_text,
)
from app.cohort.groupings._spec import (
    CLASS,
    COMBINATIONS,
    CUT,
    FILTERS,
    GENES,
    HIERARCHY,
    SAVED,
    SCORE,
    GroupingSpec,
    SavedGroups,
    by_alteration,
    by_labels,
    by_levels,
    by_variable,
    grouping_options,
)
from app.cohort.groupings._thresholds import clinical_thresholds
