"""Cox models of a cohort."""
