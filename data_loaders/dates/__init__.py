"""Dates, however they are written."""
