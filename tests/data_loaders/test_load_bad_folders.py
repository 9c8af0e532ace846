"""Whatever is wrong with tables that belong together, one sentence says what and what to do."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from data_loaders import CohortError, load_cohort, load_files
from data_loaders.files import folder

CLINICAL = b"ID,os_months,os_event,age\nSECRET1,1,0,50\nSECRET2,2,1,60\n"
MATRIX = b"ID,TP53,ASXL1\nSECRET1,1,0\nSECRET2,0,1\n"
HEADER = b"Hugo_Symbol\tVariant_Classification\tTumor_Sample_Barcode\tHGVSp_Short\n"
MAF = HEADER + b"TP53\tMissense_Mutation\tSECRET1\tp.R175H\n"
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"
PAGE = b"<!DOCTYPE html><html><body>404</body></html>"

Files = dict[str, bytes]

# Name, files, the words of the sentence.
REFUSED: list[tuple[str, Files, str]] = [
    ("no files", {}, "No file was given"),
    ("prose only", {"a.txt": b"just words\n"}, r"^a\.txt was left out: it is text"),
    ("no clinical table", {"genes.csv": MATRIX, "more.csv": MATRIX.replace(b"ASXL1", b"TET2")},
     "None of genes.csv and more.csv looks like a clinical table"),
    ("only lists of variants", {"v.maf": MAF}, "lists variants, .* no table has one row a patient"),
    ("two lists of variants", {"v.maf": MAF, "w.maf": MAF}, "v.maf and w.maf list variants"),
    ("two clinical tables", {"a.csv": CLINICAL, "b.csv": CLINICAL},
     "a.csv and b.csv could each be the clinical table"),
    ("matrix of strangers", {"a.csv": CLINICAL, "b.csv": MATRIX.replace(b"SECRET", b"OTHER")},
     "b.csv and a.csv have no patient identifier in common"),
    ("identifiers in other capitals",
     {"a.csv": CLINICAL, "b.csv": MATRIX.replace(b"SECRET", b"secret_")},
     "those in ID differ in capitals, separators or leading zeros"),
    ("identifiers without their leading zeros",
     {"a.csv": CLINICAL.replace(b"SECRET1", b"007"), "v.maf": MAF.replace(b"SECRET1", b"7")},
     "those in Tumor_Sample_Barcode differ in capitals"),
    ("variants of strangers", {"a.csv": CLINICAL, "v.maf": MAF.replace(b"SECRET", b"OTHER")},
     "v.maf lists variants of none of the patients"),
    ("duplicated patients in the clinical table",
     {"a.csv": CLINICAL + b"SECRET2,3,1,61\n", "b.csv": MATRIX},
     r"a.csv has 2 rows that share a patient identifier .* \(rows 2 and 3\)"),
    ("clinical table without identifiers",
     {"a.csv": b"age,os_months,os_event\n50,1,0\n50,2,1\n", "b.csv": MATRIX},
     "a.csv has no column that identifies the patients"),
    ("blank identifiers in the clinical table",
     {"a.csv": CLINICAL + b",3,1,61\n", "b.csv": MATRIX}, "1 row without a patient identifier"),
    ("duplicated patients in the matrix",
     {"a.csv": CLINICAL, "b.csv": MATRIX + b"SECRET1,0,0\n"},
     r"b.csv has 2 rows that share a patient .* \(rows 1 and 3\)"),
    ("two samples of a patient in the matrix",
     {"a.csv": CLINICAL, "b.csv": b"ID,TP53\nSECRET1-01,1\nSECRET1-02,0\n"},
     "b.csv has 2 rows that share a patient"),
    ("MAF without Hugo_Symbol",
     {"a.csv": CLINICAL, "v.maf": MAF.replace(b"Hugo_Symbol", b"Entrez_Gene_Id")},
     "v.maf looks like a list of variants but has no column of gene symbols"),
    ("MAF of gene numbers",
     {"a.csv": CLINICAL, "v.maf": MAF.replace(b"TP53", b"7157")}, "no column of gene symbols"),
    ("MAF cut off", {"a.csv": CLINICAL, "v.maf.gz": gzip.compress(MAF * 40)[:60]},
     "v.maf.gz is compressed but cut off"),
    ("MAF of column names", {"a.csv": CLINICAL, "v.maf": HEADER},
     "v.maf holds column names but no"),
    ("MAF with ragged rows", {"a.csv": CLINICAL, "v.maf": MAF + b"a\tb\tc\td\te\n"},
     r"v.maf has 4 columns \(.* and .*\) but more cells in row 2"),
    ("Git LFS pointer of the matrix", {"a.csv": CLINICAL, "b.csv": LFS},
     "b.csv is a Git LFS pointer"),
    ("Git LFS pointer of the clinical table", {"a.csv": LFS, "b.csv": MATRIX},
     "a.csv is a Git LFS"),
    ("web page in place of the variants", {"a.csv": CLINICAL, "v.maf": PAGE},
     "v.maf is a web page or XML"),
    ("JSON in place of a table", {"a.csv": CLINICAL, "b.csv": b'{"error": "not found"}'},
     "b.csv is JSON"),
    ("picture called a table", {"a.csv": CLINICAL, "b.csv": b"\x89PNG\r\n\x1a\n"},
     "b.csv is a picture"),
    ("empty file", {"a.csv": CLINICAL, "b.csv": b""}, "b.csv is empty"),
    ("workbook cut off", {"a.csv": CLINICAL, "b.xlsx": b"PK\x03\x04" + bytes(40)},
     "b.xlsx .* damaged"),
    ("parquet cut off", {"a.csv": CLINICAL, "b.parquet": b"PAR1" + bytes(40)},
     "b.parquet .* cut off"),
    ("R data alone", {"a.RData": b"RDX3\nX\n\x00"}, "read outside R|needs the library"),
    ("R data that holds the outcomes", {"a.RData": b"RDX3\nX\n\x00", "b.csv": MATRIX},
     "a.RData .*(read outside R|needs the library)"),
    ("repeated column names in a matrix",
     {"a.csv": CLINICAL, "b.csv": MATRIX.replace(b"ASXL1", b"TP53")}, "b.csv gives 1 name"),
    ("too many columns in a matrix",
     {"a.csv": CLINICAL, "b.csv": b",".join([b"a"] * 30_000) + b"\n1\n"},
     "b.csv has 30,000 columns"),
]  # fmt: skip


def check_sentence(message: str) -> None:
    assert message.endswith(".")
    assert ". " not in message.removesuffix(".")
    assert "\n" not in message
    assert "SECRET" not in message
    assert "Error" not in message


@pytest.mark.parametrize(
    ("files", "words"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_refused_with_one_sentence(files: Files, words: str) -> None:
    with pytest.raises(CohortError, match=words) as caught:
        load_files(files)
    check_sentence(str(caught.value))


@pytest.mark.parametrize(
    ("files", "words"),
    [row[1:] for row in REFUSED if row[1]],
    ids=[row[0] for row in REFUSED if row[1]],
)
def test_a_folder_is_refused_with_the_same_words(files: Files, words: str, tmp_path: Path) -> None:
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    with pytest.raises(CohortError, match=words) as caught:
        load_cohort(tmp_path)
    assert str(tmp_path) not in str(caught.value)


def test_names_are_all_different() -> None:
    assert len({row[0] for row in REFUSED}) == len(REFUSED) >= 25


@pytest.fixture
def two(tmp_path: Path) -> Path:
    (tmp_path / "a.csv").write_bytes(CLINICAL)
    (tmp_path / "b.csv").write_bytes(MATRIX)
    (tmp_path / "v.maf").write_bytes(MAF)
    return tmp_path


CALLS: list[tuple[str, Callable[[Path], object], str]] = [
    ("clinical table that is a list",
     lambda f: load_cohort(f / "a.csv", clinical=f / "v.maf"), "v.maf lists variants"),
    ("variants without a clinical table",
     lambda f: load_cohort(f / "v.maf", variants=f / "v.maf"), "v.maf lists variants"),
    ("matrix called variants",
     lambda f: load_cohort(f / "a.csv", variants=f / "b.csv"), "b.csv is no list of variants"),
    ("matrix that is not there",
     lambda f: load_cohort(f / "a.csv", mutations=f / "c.csv"), "c.csv cannot be found"),
    ("clinical table that is not there",
     lambda f: load_cohort(f / "v.maf", clinical=f / "c.csv"), "c.csv cannot be found"),
    ("clinical table of a folder that is not there",
     lambda f: load_cohort(f, clinical="c.csv"), "has no table called c.csv; it has a.csv, b.csv"),
    ("web address of a matrix",
     lambda f: load_cohort(f / "a.csv", mutations="https://example.org/b.csv"), "not opened"),
    ("folder in place of a matrix",
     lambda f: load_cohort(f / "a.csv", mutations=f), "cannot be opened"),
    ("joined demo",
     lambda f: load_cohort("demo:mpn", clinical=f / "a.csv"), "takes neither"),
    ("mapping of a column that no table has",
     lambda f: load_cohort(f, mapping={"ignore": ["gone"]}), "does not have: gone"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "words"), [c[1:] for c in CALLS], ids=[c[0] for c in CALLS])
def test_calls_that_do_not_fit(call: Callable[[Path], object], words: str, two: Path) -> None:
    with pytest.raises(CohortError, match=words) as caught:
        call(two)
    check_sentence(str(caught.value))


@pytest.mark.parametrize(
    ("limit", "value", "words"),
    [
        ("MAX_FILES", 2, "holds 3 tables; at most 2 are read"),
        ("MAX_FOLDER_BYTES", 100, "of tables; move those"),
        ("MAX_FILE_BYTES", 40, r"a\.csv is larger than"),
    ],
)
def test_limits_of_a_folder(
    two: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, words: str
) -> None:
    monkeypatch.setattr(folder, limit, value)
    with pytest.raises(CohortError, match=words) as caught:
        load_cohort(two)
    check_sentence(str(caught.value))


def test_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(CohortError, match="holds no tables"):
        load_cohort(tmp_path)
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "a.csv").write_bytes(CLINICAL)
    with pytest.raises(CohortError, match="give the folder that holds the clinical table"):
        load_cohort(tmp_path)


def test_a_folder_that_may_not_be_read(two: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> None:
        raise PermissionError

    # Root may read everything, so the refusal has to be simulated.
    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(CohortError, match="cannot be opened; check the path and its permissions"):
        load_cohort(two)


LOADED_WITH_A_FINDING: list[tuple[str, Files, str, str]] = [
    ("patients absent from the matrix", {"b.csv": b"ID,TP53\nSECRET1,1\n"},
     "absent_from_table", "b.csv lacks 1 patient of 2"),
    ("patients that only the matrix has", {"b.csv": MATRIX + b"SECRET3,1,1\n"},
     "strangers", "b.csv has 1 patient that the clinical table does not have"),
    ("variants of patients that only the list has", {"v.maf": MAF + MAF[len(HEADER):].replace(
        b"SECRET1", b"SECRET3")}, "strangers", "v.maf lists 1 patient"),
    ("nobody says who was sequenced", {"v.maf": MAF}, "sequenced", "convention of MAF annotation"),
    ("words of an unknown annotator",
     {"v.maf": MAF + b"TP53\tpurple\tSECRET2\tp.R1H\n"}, "variant_class", "uses 1 word"),
    ("no effects at all", {"v.tsv": b"ID\tgene\tprotein_change\nSECRET1\tTP53\tp.R175H\n"},
     "variant_class", "does not say what its variants do"),
    ("variant without a gene", {"v.maf": MAF + b"\tSilent\tSECRET2\tp.R1R\n"},
     "no_gene", "1 variant without a gene"),
    ("impossible allele fraction",
     {"v.tsv": b"ID\tgene\teffect\tVAF\nSECRET1\tTP53\tmissense\t120\n"},
     "implausible", "1 variant had an allele fraction below 0 or above 1"),
    ("matrix and list disagree",
     {"b.csv": MATRIX.replace(b"SECRET1,1,0", b"SECRET1,0,0"), "v.maf": MAF},
     "conflict", "disagree on 1 call of 1 feature: TP53"),
    ("columns that disagree", {"b.csv": b"ID,age\nSECRET1,50\nSECRET2,61\n"},
     "conflict", "1 column that other tables have with other values"),
    ("table of something else", {"b.csv": b"id,length\nx1,100\nx2,200\n"},
     "file_left_out", "no patient identifier in common"),
    ("R data that cannot be read", {"m.RData": b"RDX3\nX\n\x00"}, "file_left_out", "m.RData"),
    ("words beside the tables", {"words.txt": b"one\ntwo\n"}, "file_left_out", "it is text"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("files", "code", "words"),
    [row[1:] for row in LOADED_WITH_A_FINDING],
    ids=[row[0] for row in LOADED_WITH_A_FINDING],
)
def test_loaded_with_a_finding(files: Files, code: str, words: str) -> None:
    cohort = load_files({"a.csv": CLINICAL, **files})
    assert cohort.n == 2
    sentences = [issue.sentence for issue in cohort.issues if issue.code == code]
    assert any(words in sentence for sentence in sentences), sentences
    assert not any("SECRET" in issue.sentence for issue in cohort.issues)
