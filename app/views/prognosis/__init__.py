"""Prognosis: scores and classifications of a whole cohort, beside each other and the outcome."""
