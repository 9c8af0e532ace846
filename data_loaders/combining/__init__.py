"""Several cohorts made into one: what means the same in one column, and what did not match said."""
