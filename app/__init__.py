"""CALR Explorer: the application."""
