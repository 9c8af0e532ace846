"""Saved filters: used, combined, and how they overlap."""
