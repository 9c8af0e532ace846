"""The filter builder: nested conditions without code."""
