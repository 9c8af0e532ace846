"""Outcomes: which columns, which times, which codes, what competes."""
