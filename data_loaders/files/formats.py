"""What a file really is, whatever its name says, and its text in one encoding."""

from __future__ import annotations

import gzip
import io
import re
import zipfile
import zlib
from typing import Literal

from data_loaders.limits import limit
from data_loaders.model import CohortError
from data_loaders.settings import MAX_FILE_MIB
from data_loaders.wording import shown

MAX_FILE_BYTES = limit(MAX_FILE_MIB) * 2**20  # as stored, and again after decompression
MAX_LINE_BYTES = 2**24
_LIMIT_WORDS = f"{MAX_FILE_BYTES // 2**20} MiB"

Format = Literal["text", "xlsx", "parquet", "rdata"]

_FOREIGN = (
    (b"\x89PNG", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"GIF87a", "a picture (GIF)"),
    (b"GIF89a", "a picture (GIF)"),
    (b"%PDF", "a PDF document"),
    (b"\xd0\xcf\x11\xe0", "a workbook in the old Excel format (.xls)"),
    (b"{\\rtf", "a word-processor document"),
    (b"SQLite format 3\x00", "a database (SQLite)"),
    (b"\x89HDF", "an HDF5 file"),
    (b"ARROW1", "a Feather file"),
    (b"BZh91AY", "compressed with bzip2"),
    (b"\xfd7zXZ", "compressed with xz"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!\x1a", "a RAR archive"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd"),
    (b"$FL2", "an SPSS file"),
    (b"<stata_dta>", "a Stata file"),
)
# Saved by save() and saveRDS(), binary and as text.
R_MAGIC = (b"RDX2\n", b"RDX3\n", b"RDA2\n", b"RDA3\n", b"X\n\x00\x00\x00", b"A\n2\n", b"A\n3\n")
_LFS = b"version https://git-lfs.github.com/spec/"
_MARKUP = re.compile(rb"^\s*<(!doctype|html|head|body|\?xml|table|!--)", re.IGNORECASE)
# A letter with an accent or umlaut in UTF-8; as Windows-1252 it would be a pair such as "Ã¼".
_UTF8_LETTER = re.compile(rb"\xc3[\x80-\xbf]|\xc2[\xa0-\xbf]|\xc4[\x80-\xbf]|\xc5[\x80-\xbf]")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")


def expanded(filename: str, data: bytes) -> bytes:
    """The content, decompressed if it is gzip; never more than ``MAX_FILE_BYTES``.

    Raises
    ------
    CohortError
        If the file is empty, too large, or damaged.
    """
    file = shown(filename)
    if not data:
        raise CohortError(f"{file} is empty: it holds no bytes; export the table again.")
    if len(data) > MAX_FILE_BYTES:
        raise CohortError(f"{file} is larger than {_LIMIT_WORDS}, the most that is read at once.")
    if not data.startswith(b"\x1f\x8b"):
        return data
    try:
        with gzip.open(io.BytesIO(data)) as stream:
            content = stream.read(MAX_FILE_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise CohortError(
            f"{file} is compressed but cut off or damaged; copy or download it again."
        ) from error
    if len(content) > MAX_FILE_BYTES:
        raise CohortError(f"{file} holds more than {_LIMIT_WORDS} once decompressed.")
    if not content:
        raise CohortError(f"{file} is compressed and empty inside; export the table again.")
    return content


def format_of(filename: str, data: bytes) -> Format:
    """Which reader the content needs, judged by the content.

    Raises
    ------
    CohortError
        If it is no table, with what it is instead and what to do.
    """
    file = shown(filename)
    if data.startswith(b"PAR1"):
        return "parquet"
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        if _is_workbook(data):
            return "xlsx"
        raise CohortError(
            f"{file} is a ZIP archive and not an Excel workbook; unpack it and choose the table."
        )
    if data.startswith(R_MAGIC):
        return "rdata"
    for magic, words in _FOREIGN:
        if data.startswith(magic):
            raise CohortError(
                f"{file} is {words}, not a table; save the table as CSV, XLSX or Parquet."
            )
    if data.startswith(_LFS):
        raise CohortError(
            f"{file} is a Git LFS pointer, not the data; fetch the file itself with git lfs pull."
        )
    if _MARKUP.match(data[:4096].removeprefix(b"\xef\xbb\xbf")):
        raise CohortError(
            f"{file} is a web page or XML, not a table (a login or error page was probably saved "
            "in its place); download the file itself."
        )
    return "text"


def decoded(filename: str, data: bytes) -> str:
    """The text of a file in UTF-8, UTF-16, UTF-32 or Windows-1252, with plain line ends.

    Raises
    ------
    CohortError
        If it is not text.
    """
    _check_lines(filename, data)
    text = _text_of(filename, data).removeprefix("\ufeff")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise CohortError(
            f"{shown(filename)} is empty: it holds only blank space; export the table again."
        )
    return text


def _check_lines(filename: str, data: bytes) -> None:
    """Refuse a line that is longer than any row of a table, before it is copied anywhere."""
    begin = 0
    while len(data) - begin > MAX_LINE_BYTES:
        end = begin + MAX_LINE_BYTES
        cut = max(data.rfind(b"\n", begin, end), data.rfind(b"\r", begin, end))
        if cut < 0:
            above = data.count(b"\n", 0, begin)
            raise CohortError(
                f"{shown(filename)} has a line of more than {MAX_LINE_BYTES // 2**20} MiB (line "
                f"{above + 1:,}), which is no row of a table; end every row with a line end."
            )
        begin = cut + 1


def is_mixed(data: bytes) -> bool:
    """Whether some lines are UTF-8 and others cannot be: two exports pasted into one file."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in data[:65536]:
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return _UTF8_LETTER.search(data) is not None
    return False


def _line_by_line(data: bytes) -> str:
    lines = []
    for line in data.split(b"\n"):
        try:
            lines.append(line.decode("utf-8"))
        except UnicodeDecodeError:
            lines.append(line.decode("cp1252", "replace"))
    return "\n".join(lines)


def _text_of(filename: str, data: bytes) -> str:
    if is_mixed(data):
        text = _line_by_line(data)
        if not _CONTROL.search(text):
            return text
    for encoding in _encodings(data):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not _CONTROL.search(text):
            return text
    raise CohortError(
        f"{shown(filename)} is a binary file or in an encoding that cannot be read; "
        "save the table as CSV (UTF-8), XLSX or Parquet."
    )


def _encodings(data: bytes) -> tuple[str, ...]:
    """The encodings worth trying, the surest first."""
    if data.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        return ("utf-32",)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ("utf-16",)
    sample = data[:65536]
    odd, even = sample[1::2].count(b"\x00"), sample[::2].count(b"\x00")
    if odd + even > len(sample) // 4:
        return ("utf-16-le",) if odd > even else ("utf-16-be",)
    return ("utf-8", "cp1252")


def _is_workbook(data: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return any(name.lower().startswith("xl/") for name in archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        # A damaged archive: the workbook reader says so in its own sentence.
        return True
