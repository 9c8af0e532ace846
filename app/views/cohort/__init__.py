"""The cohort page: who is in it, table one, filters."""
