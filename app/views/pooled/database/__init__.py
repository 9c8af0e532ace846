"""A table in a database that is too large to be copied, asked for counts where it lies."""
