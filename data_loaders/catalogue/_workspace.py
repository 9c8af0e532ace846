"""One object of an R workspace that holds others which no reader outside R builds.

``rdata`` builds a workspace whole, and refuses it whole if it holds fitted models or compiled
functions. Here the objects are gone through one after the other as they are stored, and only the
one that is asked for is built. Nothing is run.
"""

from __future__ import annotations

import warnings
from typing import Any

import pandas as pd

from data_loaders.files.formats import expanded
from data_loaders.model import CohortError
from data_loaders.wording import shown

_MAGIC = b"RDX2\n", b"RDX3\n"
_XDR = b"X\n"
# "No value is bound here", which functions' environments hold; rdata 1.1.0 does not know it.
_UNBOUND = (252).to_bytes(4, "big")


def workspace_table(filename: str, data: bytes, name: str) -> pd.DataFrame:
    """A data frame of an R workspace, by name.

    Parameters
    ----------
    data
        The content of the file, as ``save()`` writes it, compressed with gzip or not.

    Raises
    ------
    CohortError
        If the file is no workspace, is damaged, or holds no such table.
    """
    file = shown(filename)
    content = expanded(filename, data)
    if not content.startswith(_MAGIC) or content[5:7] != _XDR:
        raise CohortError(f"{file} is no R workspace as save() writes it; download it again.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on classes that come as what they are stored as
            table = _built(content[7:], name)
    except Exception as error:  # the library raises whatever it stumbles on
        raise CohortError(
            f"{file} is cut off, damaged, or holds R objects that cannot be passed over; "
            "download it again."
        ) from error
    if not isinstance(table, pd.DataFrame):
        raise CohortError(f"{file} holds no table called {shown(name)}; download it again.")
    return table


def _built(content: bytes, name: str) -> Any:
    """The object, built; None if there is none."""
    from rdata.conversion import convert
    from rdata.parser import DEFAULT_ALTREP_MAP, RData, RObject, RObjectInfo, RObjectType
    from rdata.parser._parser import parse_r_object_info
    from rdata.parser._xdr import ParserXDR

    nothing = RObjectInfo(RObjectType.NILVALUE, False, False, False, 0, 0)  # noqa: FBT003

    class Parser(ParserXDR):
        """The library's parser, with the type that it lacks."""

        def parse_R_object(  # noqa: N802
            self,
            reference_list: Any = None,
            bytecode_rep_list: Any = None,
            info_int: int | None = None,
        ) -> RObject:
            if info_int is None:
                position = self.file.tell()
                if self.file.read(4) == _UNBOUND:
                    return RObject(nothing, None, None)
                self.file.seek(position)
            return super().parse_R_object(reference_list, bytecode_rep_list, info_int)

    parser = Parser(
        memoryview(content), expand_altrep=True, altrep_constructor_dict=DEFAULT_ALTREP_MAP
    )
    versions = parser.parse_versions()
    extra = parser.parse_extra_info(versions)
    references: list[RObject] = []
    # The workspace is a list of pairs of a name and an object, each followed by the rest.
    while (info := parse_r_object_info(parser.parse_int())).type is RObjectType.LIST:
        if info.attributes:
            parser.parse_R_object(references)
        symbol = parser.parse_R_object(references)
        value = parser.parse_R_object(references)
        symbol = symbol.referenced_object or symbol
        if symbol.value.value == name.encode():
            return convert(RData(versions, extra, value))
    return None
