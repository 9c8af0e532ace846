"""Demo cohorts of lymphoid neoplasms."""
