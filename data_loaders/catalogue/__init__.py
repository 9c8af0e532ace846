"""The public catalogue: published haematology cohorts, each fetched once when it is asked for."""

from data_loaders.catalogue._loading import load_catalogue
from data_loaders.catalogue.entries import CatalogueEntry, catalogue, entry_named
from data_loaders.catalogue.fetching import cache_folder, is_cached
