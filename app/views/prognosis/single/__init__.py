"""Survival by the classes of one score."""
