"""The same question in two cohorts."""
