"""ISCN karyotypes: clones, events under the names people use, complexity, IPSS-R group.

``parse_karyotype("46,XX,del(5)(q13q33)[12]/46,XX[8]").events`` is ``("del(5q)",)``. What could not
be read is listed in ``problems``, token by token, and what depends on it is None: unknown.
"""

from data_loaders.karyotype.reading import parse_karyotype
from data_loaders.karyotype.record import Karyotype
from data_loaders.karyotype.rules import IPSSR_GROUPS
