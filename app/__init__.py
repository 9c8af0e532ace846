"""CALR Explorer: the application."""

# The one place that says the version: methods, workbooks and scripts name it.
__version__ = "1.0.0"
