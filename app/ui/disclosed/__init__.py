"""The views that are shown while disclosure control is on; every other view is refused."""
