"""A table or query of a database, given by its address: PostgreSQL and DuckDB."""

from data_loaders.databases._loading import load_database, read_database
from data_loaders.databases.address import is_address
from data_loaders.databases.result import TooLargeError
