"""Correcting what was understood of a file."""
