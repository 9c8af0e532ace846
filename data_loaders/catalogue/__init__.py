"""The public catalogue: published haematology cohorts, each fetched once when it is asked for."""

from data_loaders.catalogue.entries import CatalogueEntry, PublishedFile, catalogue, entry_named
from data_loaders.catalogue.fetching import cache_folder, is_cached
from data_loaders.catalogue.loading import load_catalogue

__all__ = [
    "CatalogueEntry",
    "PublishedFile",
    "cache_folder",
    "catalogue",
    "entry_named",
    "is_cached",
    "load_catalogue",
]
