"""Bundles: one archive that reproduces an answer or a story, for a reviewer or a repository."""

from app.study.bundle._archive import BundleError, to_zip
