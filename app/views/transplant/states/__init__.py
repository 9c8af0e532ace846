"""Where patients are over time."""
