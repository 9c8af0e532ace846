"""cBioPortal: study folders read and written; :mod:`.api` talks to instances on the web.

The API is not imported here, so that who reads a folder needs no web client.
"""

from data_loaders.cbioportal._study import load_study
from data_loaders.cbioportal._writing.study import write_study
from data_loaders.cbioportal.meta import looks_like_study
