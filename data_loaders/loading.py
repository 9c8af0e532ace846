"""The way in: a demo's key, a file, a folder of tables, or the bytes of uploads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any

from data_loaders._load_cache import cached_cohort, remembered_cohort
from data_loaders.cbioportal import load_study, looks_like_study
from data_loaders.cohort_folder import is_stored_cohort, loaded_from_folder
from data_loaders.databases import is_address, load_database
from data_loaders.files.folder import (
    folder_files,
    is_table_name,
    read_file,
    read_tables,
    unread_files,
)
from data_loaders.files.tables import RawTable, read_sheets, read_table
from data_loaders.joining.from_table import cohort_from_table
from data_loaders.joining.from_tables import cohort_from_sheets, cohort_from_tables
from data_loaders.mapping.record import MAPPING_ENDING, TableMapping
from data_loaders.meaning.quality import quality_issues
from data_loaders.model import Cohort, CohortError, Issue, Loading, Way
from data_loaders.variants.columns import variant_columns
from data_loaders.wording import listed, shown

_DEMO, _CATALOGUE = "demo:", "catalogue:"
_R_DATA = (".rdata", ".rda", ".rds")

_SHARE_OF_READING = 0.7

Paths = str | Path | Sequence[str | Path] | None
Progress = Callable[[str, float], None]


def is_everybodys(key: str) -> bool:
    """Whether everybody has the cohort of a key: one of the demos or of the catalogue."""
    return key.startswith((_DEMO, _CATALOGUE))


def load_cohort(
    source: str | Path,
    *,
    mapping: Mapping[str, Any] | str | Path | None = None,
    name: str | None = None,
    sheet: str | int | None = None,
    clinical: str | Path | None = None,
    mutations: Paths = None,
    variants: Paths = None,
    query: str | None = None,
    table: str | None = None,
    progress: Progress | None = None,
    cache: bool = False,
) -> Cohort:
    """Load a cohort.

    Parameters
    ----------
    source
        ``demo:KEY`` for an embedded synthetic cohort; ``catalogue:NAME`` for a published cohort,
        which is fetched once; the address of a database, with ``query`` or ``table``; the path of
        a table with one row a patient (CSV, TSV or other delimited text, also gzip, XLSX, Parquet
        or RData); the path of a list of variants such as a MAF file, with ``clinical``; the folder
        of a cBioPortal study or of a cohort that was saved; or a folder that holds a clinical
        table and whatever belongs to it, each file recognised by its content.
    mapping
        What the columns are, where the names do not say it: plain data or the path of a JSON file
        (see :mod:`data_loaders.mapping.record`). By default the file ``NAME.mapping.json`` beside
        the file ``NAME.csv``, or the only such file in a folder, if there is one, as the Data page
        saves it; a finding names it.
    name
        Name of the cohort; default the file's or folder's.
    sheet
        Sheet of a workbook or object of an R data file, by name or position from 0; default the
        first with data.
    clinical
        The clinical table, where ``source`` is a list of variants or a matrix; in a folder, the
        name of the file that is the clinical table.
    mutations
        One or more further tables with one row a patient: matrices of genes or of cytogenetics.
    variants
        One or more lists of variants, one row a mutation.
    query, table
        What is read of a database: one SELECT statement, or the name of a table.
    progress
        Called with what is being done and the share that is done, from 0 to 1, while several files
        are read or one is fetched.
    cache
        Whether the cohort of local files is kept in the user's cache folder, readable by the user
        only, so that the same files open at once the next time (see
        :mod:`data_loaders._load_cache`). Off by default: it is a copy of patients' data.

    Raises
    ------
    CohortError
        With one sentence that says what is wrong, where, and what to do.

    Examples
    --------
    >>> load_cohort("mds_iwg_2022/")                                     # doctest: +SKIP
    >>> load_cohort("tcga_laml.maf.gz", clinical="tcga_laml_annot.tsv")  # doctest: +SKIP
    >>> load_cohort("clinical.tsv", mutations="genes.tsv")               # doctest: +SKIP
    """
    joined = (clinical, mutations, variants)
    if isinstance(source, str) and source.startswith(_DEMO):
        if mapping is not None or sheet is not None or joined != (None, None, None):
            raise CohortError("A demo cohort takes neither a mapping nor a sheet; leave them out.")
        return _demo(source.removeprefix(_DEMO), name).loaded_by(Loading("demo", (source,)))
    if isinstance(source, str) and source.startswith(_CATALOGUE):
        if mapping is not None or sheet is not None or joined != (None, None, None):
            raise CohortError(
                "A cohort of the catalogue takes neither a mapping nor further files; leave them "
                "out."
            )
        cohort = _published(source.removeprefix(_CATALOGUE), name, progress)
        return cohort.loaded_by(Loading("catalogue", (source,)))
    if is_address(source):
        return load_database(str(source), query, table, mapping, name)
    if query is not None or table is not None:
        raise CohortError("A query or a table is of a database; give its address as the source.")
    if not str(source).strip():
        raise CohortError("No file was named; give the path of a table or demo:mpn.")
    path = Path(source)
    _refuse_addresses(path)
    beside = _mapping_beside(path) if mapping is None else None
    stated = TableMapping.read(mapping if beside is None else beside)
    if _is_folder(path) and is_stored_cohort(path):
        return loaded_from_folder(path, (path.resolve().name,))

    def load() -> Cohort:
        return _from_local(path, stated, name, sheet, joined=joined, progress=progress)

    parts = [None if part is None else [str(one) for one in _paths(part)] for part in joined]
    further = [] if _is_folder(path) else [one for part in joined for one in _paths(part)]
    said = {"mapping": stated.to_dict(), "name": name, "sheet": sheet, "parts": parts}
    keep = cached_cohort if cache else remembered_cohort
    cohort = keep([path, *further], said, load)
    cohort = cohort.loaded_by(
        Loading(
            way_of(path, several=bool(further)),
            (path.resolve().name, *(one.name for one in further)),
            _arguments(sheet, *joined),
            stated.to_dict(),
        )
    )
    return cohort if beside is None else with_mapping_named(cohort, beside.name)


def way_of(path: Path, *, several: bool = False) -> Way:
    """By which door local files come.

    Parameters
    ----------
    several
        Whether further files were named beside it.
    """
    if _is_folder(path):
        return "study" if looks_like_study(path) else "folder"
    return "files" if several else "file"


def with_mapping_named(cohort: Cohort, file: str) -> Cohort:
    """The cohort with the finding that a mapping which came with the data was used.

    Parameters
    ----------
    cohort
        As loaded under it.
    """
    issue = Issue(
        "info",
        f"The mapping {shown(file)} was found with the data and says what the columns are; "
        "without it everything is inferred.",
        code="mapping_used",
    )
    named = replace(cohort, issues=(*cohort.issues, issue))
    loaded = cohort.provenance.loaded
    return named if loaded is None else named.loaded_by(replace(loaded, mapping_file=file))


def _arguments(
    sheet: str | int | None, clinical: str | Path | None, mutations: Paths, variants: Paths
) -> dict[str, Any]:
    """What else was said of local files, by names."""
    said: dict[str, Any] = {} if sheet is None else {"sheet": sheet}
    if clinical is not None:
        said["clinical"] = Path(clinical).name
    for key, paths in (("mutations", mutations), ("variants", variants)):
        if paths is not None:
            said[key] = [path.name for path in _paths(paths)]
    return said


def _mapping_beside(path: Path) -> Path | None:
    """The mapping that was saved next to a file or as the only one in a folder, if there is one."""
    try:
        if _is_folder(path):
            held = [one for one in path.glob(f"*{MAPPING_ENDING}") if one.is_file()]
            return held[0] if len(held) == 1 and not is_stored_cohort(path) else None
        beside = path.with_name(f"{path.name.split('.', maxsplit=1)[0]}{MAPPING_ENDING}")
        return beside if beside.is_file() else None
    except (OSError, ValueError):
        return None


def _from_local(
    path: Path,
    mapping: TableMapping,
    name: str | None,
    sheet: str | int | None,
    *,
    joined: tuple[str | Path | None, Paths, Paths],
    progress: Progress | None,
) -> Cohort:
    """A file, files that were named one by one, or a folder."""
    clinical, mutations, variants = joined
    if _is_folder(path):
        if looks_like_study(path):
            stated = mapping if mapping != TableMapping() else None
            return judged(load_study(path, name, stated))
        chosen = None if clinical is None else str(clinical)
        return judged(_from_folder(path, mapping, name, chosen, progress))
    if joined == (None, None, None):
        return judged(_from_path(path, mapping, name, sheet))
    return judged(
        _from_paths(
            path,
            mapping,
            name,
            sheet,
            clinical=clinical,
            mutations=mutations,
            variants=variants,
            progress=progress,
        )
    )


def load_files(
    files: Mapping[str, bytes],
    *,
    mapping: Mapping[str, Any] | str | Path | None = None,
    name: str | None = None,
    clinical: str | None = None,
) -> Cohort:
    """Load a cohort from the bytes of several uploaded files, as if they were a folder.

    Parameters
    ----------
    files
        Content by file name.
    mapping, name, clinical
        As in :func:`load_cohort`.

    Raises
    ------
    CohortError
        With one sentence that says what is wrong, where, and what to do.
    """
    tables, issues = read_tables(files.items())
    stated = TableMapping.read(mapping)
    names = tuple(PurePath(file).name for file in files)
    cohort = cohort_from_tables(
        tables,
        clinical=clinical,
        mapping=stated,
        name=name,
        source=", ".join(names),
        issues=issues,
    )
    said = _arguments(None, clinical, None, None)
    return judged(cohort).loaded_by(Loading("files", names, said, stated.to_dict()))


def load_table_bytes(
    filename: str,
    data: bytes,
    mapping: Mapping[str, Any] | str | Path | None = None,
    name: str | None = None,
    sheet: str | int | None = None,
) -> Cohort:
    """Load a cohort from the bytes of an uploaded table.

    Parameters
    ----------
    filename
        The file's name, for messages and for the cohort's name.
    mapping, name, sheet
        As in :func:`load_cohort`.

    Raises
    ------
    CohortError
        With one sentence that says what is wrong, where, and what to do.
    """
    stated = TableMapping.read(mapping)
    cohort = judged(_from_content(filename, data, stated, name, sheet))
    said = _arguments(sheet, None, None, None)
    return cohort.loaded_by(Loading("file", (PurePath(filename).name,), said, stated.to_dict()))


def judged(cohort: Cohort) -> Cohort:
    """The cohort with what is odd about it as a whole among its findings."""
    return replace(cohort, issues=(*cohort.issues, *quality_issues(cohort)))


def _from_content(
    filename: str, data: bytes, mapping: TableMapping, name: str | None, sheet: str | int | None
) -> Cohort:
    """One file, which may be a workbook with several tables."""
    if sheet is not None:
        return _from_table(read_table(filename, data, sheet), mapping, name)
    tables = read_sheets(filename, data)
    if len(tables) > 1:
        return cohort_from_sheets(tables, mapping, name)
    return _from_table(tables[0], mapping, name)


def _from_table(table: RawTable, mapping: TableMapping, name: str | None) -> Cohort:
    if variant_columns(table.columns, table.filename):
        raise CohortError(
            f"{shown(table.filename)} lists variants, one row a mutation; give the clinical table "
            'as well (clinical="patients.csv").'
        )
    return cohort_from_table(table, mapping, name)


def _from_path(
    path: Path, mapping: TableMapping, name: str | None, sheet: str | int | None
) -> Cohort:
    data = read_file(path)
    try:
        return _from_content(path.name, data, mapping, name, sheet)
    except CohortError as error:
        beside = _tables_beside(path) if path.suffix.lower() in _R_DATA else []
        if not beside:
            raise
        raise CohortError(
            f"{str(error).removesuffix('.')}, or load {listed(beside, 'or')} beside it instead."
        ) from error


def _tables_beside(path: Path) -> list[str]:
    """Tables in the folder of an R data file that need no R."""
    return sorted(
        other.name for other in path.parent.iterdir()
        if is_table_name(other.name) and other.suffix.lower() not in _R_DATA
    )  # fmt: skip


def _from_paths(
    source: Path,
    mapping: TableMapping,
    name: str | None,
    sheet: str | int | None,
    *,
    clinical: str | Path | None,
    mutations: Paths,
    variants: Paths,
    progress: Progress | None,
) -> Cohort:
    """Files that the user named one by one."""
    lists = _paths(variants)
    paths = [source, *_paths(mutations), *lists]
    if clinical is not None:
        paths.append(Path(clinical))
    tables: dict[str, RawTable] = {}
    key_of: dict[Path, str] = {}
    for number, path in enumerate(paths):
        _refuse_addresses(path)
        _report(progress, f"Reading {shown(path.name)}", _SHARE_OF_READING * number / len(paths))
        key_of[path] = path.name if path.name not in tables else f"{path.parent.name}_{path.name}"
        of_sheet = sheet if path == source else None
        tables[key_of[path]] = read_table(key_of[path], read_file(path), of_sheet)
    for path in lists:
        if not variant_columns(tables[key_of[path]].columns, key_of[path]):
            raise CohortError(
                f"{shown(path.name)} is no list of variants: it needs a column of gene symbols "
                "(Hugo_Symbol) and one of protein changes or effects."
            )
    main = Path(clinical) if clinical is not None else source
    if variant_columns(tables[key_of[main]].columns, key_of[main]):
        raise CohortError(
            f"{shown(main.name)} lists variants, one row a mutation; give the clinical table as "
            'well (clinical="patients.csv").'
        )
    _report(progress, "Putting the tables together", _SHARE_OF_READING)
    cohort = cohort_from_tables(
        tables, clinical=key_of[main], mapping=mapping, name=name, source=", ".join(tables)
    )
    _report(progress, "Done", 1.0)
    return cohort


def _from_folder(
    folder: Path,
    mapping: TableMapping,
    name: str | None,
    clinical: str | None,
    progress: Progress | None,
) -> Cohort:
    files = folder_files(folder)
    chosen = None if clinical is None else Path(clinical).name
    if chosen is not None and chosen not in files:
        raise CohortError(
            f"{shown(folder.resolve().name)} has no table called {shown(chosen)}; it has "
            f"{listed(list(files))}."
        )
    tables, issues = read_tables(_contents(files, progress))
    title = folder.resolve().name
    _report(progress, "Putting the tables together", _SHARE_OF_READING)
    cohort = cohort_from_tables(
        tables,
        clinical=chosen,
        mapping=mapping,
        name=name or title,
        source=title,
        issues=[*issues, *unread_files(folder, [*files, *_used(folder)])],
    )
    _report(progress, "Done", 1.0)
    return cohort


def _used(folder: Path) -> list[str]:
    beside = _mapping_beside(folder)
    return [] if beside is None else [beside.name]


def _contents(files: Mapping[str, Path], progress: Progress | None) -> Iterator[tuple[str, bytes]]:
    """The files one after the other, so that only one is held as bytes."""
    sizes = {file: path.stat().st_size for file, path in files.items()}
    done, total = 0, max(sum(sizes.values()), 1)
    for file, path in files.items():
        _report(progress, f"Reading {shown(file)}", _SHARE_OF_READING * done / total)
        yield file, read_file(path)
        done += sizes[file]


def _report(progress: Progress | None, what: str, share: float) -> None:
    if progress is not None:
        progress(what, share)


def _paths(given: Paths) -> list[Path]:
    if given is None:
        return []
    return [Path(path) for path in ([given] if isinstance(given, str | Path) else given)]


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False  # a path that cannot be; reading it says so


def _refuse_addresses(path: Path) -> None:
    if str(path).startswith(("http:/", "https:/", "ftp:/")):
        raise CohortError(
            "Addresses on the web are not opened; download the file and give its path."
        )


def _published(name: str, called: str | None, progress: Progress | None) -> Cohort:
    from data_loaders.catalogue import load_catalogue  # it reads what it fetched by this module

    cohort = load_catalogue(name, progress=progress)
    return replace(cohort, name=called) if called else cohort


def _demo(key: str, name: str | None) -> Cohort:
    from data_loaders.demo import load_demo  # the generators are needed only here

    cohort = load_demo(key)
    return replace(cohort, name=name) if name else cohort
