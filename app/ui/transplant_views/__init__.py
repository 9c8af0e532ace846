"""The views of the transplant page."""
