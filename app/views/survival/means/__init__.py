"""Restricted mean survival over the horizon, by group."""
