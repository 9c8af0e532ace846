"""The public catalogue: published haematology cohorts, each fetched once when it is asked for."""

from data_loaders.catalogue._loading import load_catalogue
from data_loaders.catalogue.entries import CatalogueEntry, PublishedFile, catalogue, entry_named
from data_loaders.catalogue.fetching import cache_folder, is_cached

__all__ = [
    "CatalogueEntry",
    "PublishedFile",
    "cache_folder",
    "catalogue",
    "entry_named",
    "is_cached",
    "load_catalogue",
]
