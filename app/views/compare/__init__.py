"""The compare page: groups side by side."""
