"""cBioPortal: study folders read and written, and the REST API of any instance."""

from data_loaders.cbioportal.meta import looks_like_study
from data_loaders.cbioportal.study import load_study
from data_loaders.cbioportal.write import write_study

__all__ = ["load_study", "looks_like_study", "write_study"]
