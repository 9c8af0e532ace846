"""The data page: loading, what was read, what was found wrong."""
