"""Figures and tables to take away."""
