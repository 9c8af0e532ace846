"""The transplant page: who benefits from a transplant, and when."""
