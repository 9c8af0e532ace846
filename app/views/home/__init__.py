"""The home page: the cohort at a glance and questions to start from."""
