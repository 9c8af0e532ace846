"""Several cohorts made into one: what means the same in one column, and what did not match said."""

from data_loaders.combining._combine import combine
