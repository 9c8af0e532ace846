"""Four answers side by side, and how far they can be trusted."""
