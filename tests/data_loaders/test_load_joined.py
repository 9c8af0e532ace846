"""Several tables joined on the patient: what each is, who was tested, what disagrees."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from data_loaders import Cohort, load_cohort, load_files

CLINICAL = "ID,age,os_months,os_event\nP1,50,10,1\nP2,60,20,0\nP3,70,30,1\nP4,80,40,0\n"
MATRIX = "ID\tTP53\tASXL1\tFLT3\tFLT3_ITD\nP1\t1\t0\t0\t1\nP2\t0\t1\t1\t0\nP3\t0\t0\t0\t0\n"
VARIANTS = (
    "sample\tgene\tprotein_change\teffect\n"
    "P1\tTP53\tp.R175H\tmissense_variant\nP2\tASXL1\tp.G646fs*12\tframeshift_variant\n"
    "P2\tFLT3\tp.D835Y\tmissense_variant\nP1\tFLT3\tITD\tITD\nP2\tU2AF1\tp.S34F\tmissense_variant\n"
)


def load(**files: str) -> Cohort:
    return load_files({name.replace("_dot_", "."): text.encode() for name, text in files.items()})


def three() -> Cohort:
    return load(a_dot_csv=CLINICAL, b_dot_tsv=MATRIX, c_dot_tsv=VARIANTS)


def states(cohort: Cohort, feature: str) -> list[int]:
    return cohort.feature_state(feature).tolist()


def altered(cohort: Cohort, feature: str) -> list[str]:
    return list(cohort.patients.index[cohort.feature_state(feature) == 1])


def issues(cohort: Cohort, code: str) -> list[str]:
    return [issue.sentence for issue in cohort.issues if issue.code == code]


def test_tables_are_known_by_their_content() -> None:
    cohort = three()
    assert list(cohort.patients.index) == ["P1", "P2", "P3", "P4"]
    assert list(cohort.endpoints) == ["os"]
    assert states(cohort, "TP53") == [1, 0, 0, -1]
    # The names of the files play no part, nor does their order.
    for names in (("x.txt", "y.csv", "z.maf"), ("z.csv", "y.maf", "x.txt")):
        other = load_files(
            dict(zip(names, (t.encode() for t in (CLINICAL, MATRIX, VARIANTS)), strict=True))
        )
        pd.testing.assert_frame_equal(other.alterations, cohort.alterations)
        pd.testing.assert_frame_equal(other.patients, cohort.patients)


def test_a_patient_absent_from_the_matrix_is_not_tested() -> None:
    cohort = three()
    assert (cohort.alterations.loc["P4"].isna()).all()
    (sentence,) = issues(cohort, "absent_from_table")
    assert sentence.startswith("b.tsv lacks 1 patient of 4")


def test_a_gene_of_the_list_alone_is_tested_where_the_matrix_tests_something() -> None:
    cohort = three()
    assert states(cohort, "U2AF1") == [0, 1, 0, -1]
    assert states(cohort, "U2AF1_S34") == [0, 1, 0, -1]
    assert cohort.features.loc["U2AF1_S34", "gene"] == "U2AF1"
    (sentence,) = issues(cohort, "sequenced")
    # P3 has a test in the matrix and no variant; P4 has neither.
    assert sentence.startswith("c.tsv lists no variant of 1 patient of 4, taken for sequenced")


def test_flt3_keeps_its_column_and_any_mutation_of_flt3_stands_beside_it() -> None:
    cohort = three()
    assert states(cohort, "FLT3") == [0, 1, 0, -1]
    assert states(cohort, "FLT3_any") == [1, 1, 0, -1]
    assert states(cohort, "FLT3_ITD") == [1, 0, 0, -1]
    assert cohort.features.loc["FLT3", "kind"] == "gene"
    assert cohort.features.loc["FLT3_any", "label"] == "FLT3 (any)"
    (sentence,) = issues(cohort, "gene_parts")
    assert "FLT3 leaves out FLT3-ITD" in sentence
    assert not issues(cohort, "conflict")


def test_flt3_that_includes_its_itd_stays_as_it_is() -> None:
    cohort = load(a_dot_csv=CLINICAL.replace("age", "FLT3").replace(",50,", ",1,").replace(
        ",60,", ",1,").replace(",70,", ",0,").replace(",80,", ",0,"),
        b_dot_csv="ID,FLT3_ITD\nP1,1\nP2,0\nP3,0\nP4,0\n")  # fmt: skip
    assert states(cohort, "FLT3") == [1, 1, 0, 0]
    assert "FLT3_any" not in cohort.features.index
    assert not issues(cohort, "gene_parts")


def test_a_gene_untested_for_its_part_is_untested_unless_mutated() -> None:
    matrix = "ID,KMT2A,KMT2A_PTD\nP1,0,1\nP2,0,\nP3,1,\nP4,0,0\n"
    cohort = load(a_dot_csv=CLINICAL, b_dot_csv=matrix)
    assert states(cohort, "KMT2A") == [0, 0, 1, 0]
    assert states(cohort, "KMT2A_any") == [1, -1, 1, 0]


def test_what_the_matrix_and_the_list_disagree_on_is_counted_and_the_matrix_stands() -> None:
    matrix = "ID,TP53,IDH2\nP1,1,0\nP2,0,0\nP3,1,1\nP4,0,0\n"
    variants = (
        "ID,gene,protein_change,effect\nP1,TP53,p.R175H,missense\nP2,TP53,p.R248Q,missense\n"
        "P3,IDH2,p.R140Q,missense\nP4,IDH2,p.R172K,missense\nP4,TP53,p.P72P,synonymous\n"
    )
    cohort = load(a_dot_csv=CLINICAL, b_dot_csv=matrix, c_dot_csv=variants)
    assert states(cohort, "TP53") == [1, 0, 1, 0]
    (issue,) = [issue for issue in cohort.issues if issue.code == "conflict"]
    assert issue.count == 3
    assert "TP53 (1 only in the columns, 1 only in the list)" in issue.sentence
    assert "IDH2 (0 only in the columns, 1 only in the list)" in issue.sentence
    # An allele that the matrix denies is neither there nor absent.
    assert states(cohort, "IDH2_R172") == [0, 0, 0, -1]
    assert states(cohort, "IDH2_R140") == [0, 0, 1, 0]


def test_an_allele_is_unknown_where_the_mutation_is_not_described() -> None:
    matrix = "ID,U2AF1\nP1,1\nP2,1\nP3,1\nP4,0\n"
    variants = "ID,gene,protein_change,effect\nP1,U2AF1,p.S34F,missense\nP2,U2AF1,,missense\n"
    cohort = load(a_dot_csv=CLINICAL, b_dot_csv=matrix, c_dot_csv=variants)
    assert states(cohort, "U2AF1_S34") == [1, -1, -1, 0]


def test_patients_that_only_another_table_has_are_left_out_and_counted() -> None:
    cohort = load(
        a_dot_csv=CLINICAL,
        b_dot_tsv=MATRIX + "P9\t1\t1\t1\t1\n",
        c_dot_tsv=VARIANTS + "P8\tTP53\tp.R175H\tmissense_variant\n" * 2,
    )
    sentences = issues(cohort, "strangers")
    assert any("b.tsv has 1 patient that the clinical table does not have" in s for s in sentences)
    assert any("c.tsv lists 1 patient" in s and "2 variants" in s for s in sentences)
    assert set(cohort.mutations["patient_id"]) == {"P1", "P2"}


def test_columns_that_agree_are_kept_once_and_others_under_the_files_name() -> None:
    more = "ID,age,risk,os_months_note\nP1,50.0,Very-High,x\nP2,61,Low,y\nP3,70,low,x\n"
    extra = "ID,risk\nP1,very high\nP2,LOW\nP3,Low\n"
    cohort = load(a_dot_csv=CLINICAL, more_dot_csv=more, zextra_dot_csv=extra)
    assert cohort.patients["more: age"].tolist()[:3] == [50, 61, 70]
    assert cohort.patients["age"].tolist() == [50, 60, 70, 80]
    assert "zextra: risk" not in cohort.patients
    (conflict,) = issues(cohort, "conflict")
    assert "age (1 patient)" in conflict
    (repeated,) = issues(cohort, "repeated_columns")
    assert "risk" in repeated
    assert cohort.variables["risk"].description == "From more.csv."


def test_a_column_that_never_contradicts_fills_gaps() -> None:
    gaps = CLINICAL.replace("P2,60", "P2,")
    cohort = load(a_dot_csv=gaps, b_dot_csv="ID,age\nP1,50\nP2,60\nP3,70\nP4,80\n")
    assert cohort.patients["age"].tolist() == [50, 60, 70, 80]
    assert "b: age" not in cohort.patients
    (sentence,) = issues(cohort, "repeated_columns")
    assert "it fills gaps of age (1 patient)" in sentence


def test_two_batches_of_one_matrix_are_put_together() -> None:
    cohort = load(
        a_dot_csv=CLINICAL,
        b_dot_csv="ID,TP53,TET2\nP1,1,0\nP2,0,1\n",
        c_dot_csv="ID,TP53,EZH2\nP3,1,1\nP4,0,0\n",
    )
    assert states(cohort, "TP53") == [1, 0, 1, 0]
    assert states(cohort, "TET2") == [0, 1, -1, -1]
    assert states(cohort, "EZH2") == [-1, -1, 1, 0]


@pytest.mark.parametrize("where", ["clinical", "samples"])
def test_samples_are_found_by_the_table_that_names_them(where: str) -> None:
    matrix = "sample_id,TP53\nS1,1\nS2,0\nS9,1\n"
    variants = "sample_id,gene,effect\nS1,TET2,missense\nS2,EZH2,missense\nS3,JAK2,missense\n"
    files = {"a_dot_csv": CLINICAL, "b_dot_csv": matrix, "v_dot_csv": variants}
    if where == "clinical":
        files["a_dot_csv"] = (
            "patient_id,sample_id,os_months,os_event\nP1,S1,1,1\nP2,S2,2,0\nP3,S3,3,1\nP4,,4,0\n"
        )
    else:
        files["s_dot_csv"] = (
            "sample_id,patient_id,tissue\nS1,P1,blood\nS2,P2,marrow\nS3,P3,blood\nS4,P3,skin\n"
        )
    cohort = load(**files)
    assert states(cohort, "TP53") == [1, 0, -1, -1]
    assert altered(cohort, "TET2") == ["P1"]
    assert altered(cohort, "EZH2") == ["P2"]
    assert altered(cohort, "JAK2") == ["P3"]
    assert any("another table names the sample" in s for s in issues(cohort, "samples"))
    assert any("b.csv has 1 patient" in s for s in issues(cohort, "strangers"))
    if where == "samples":
        assert any(
            "several" in s or "share a patient" in s for s in issues(cohort, "file_left_out")
        )


def test_a_matrix_with_patients_in_columns_is_turned() -> None:
    turned = "gene,length,P1,P2,P3\nTP53,10,1,0,0\nASXL1,20,0,1,\n"
    cohort = load(a_dot_csv=CLINICAL, b_dot_csv=turned)
    assert states(cohort, "TP53") == [1, 0, 0, -1]
    assert states(cohort, "ASXL1") == [0, 1, -1, -1]
    (sentence,) = issues(cohort, "turned")
    assert "b.csv has the patients in columns" in sentence
    assert "1 further column" in sentence


def test_a_timeline_is_left_out() -> None:
    cohort = load(a_dot_csv=CLINICAL, b_dot_csv="ID,day,drug\nP1,1,HU\nP1,2,RUX\nP2,3,HU\n")
    (sentence,) = issues(cohort, "file_left_out")
    assert "b.csv has 2 rows that share a patient" in sentence
    assert "drug" not in cohort.patients


def test_a_table_of_classes_gives_variables_not_alterations() -> None:
    classes = (
        "ID,NPM1,inv16,other,class\nP1,1,0,0,NPM1\nP2,0,1,0,inv16\nP3,0,0,1,other\nP4,1,1,0,inv16\n"
    )
    cohort = load(a_dot_csv=CLINICAL, b_dot_csv=classes)
    assert not len(cohort.features)
    assert cohort.patients["NPM1"].tolist() == [1, 0, 0, 1]
    assert cohort.patients["class"].tolist() == ["NPM1", "inv16", "other", "inv16"]
    assert issues(cohort, "classes")
    # An alteration of the clinical table stays one, whatever a table of classes repeats.
    with_gene = CLINICAL.replace("age", "NPM1").replace(",50,", ",1,").replace(",60,", ",0,")
    with_gene = with_gene.replace(",70,", ",0,").replace(",80,", ",1,")
    again = load(a_dot_csv=with_gene, b_dot_csv=classes)
    assert list(again.features.index) == ["NPM1"]


def test_a_table_of_something_else_is_left_out() -> None:
    cohort = load(a_dot_csv=CLINICAL, panel_dot_csv="id,length\nx1,100\nx2,200\n")
    (sentence,) = issues(cohort, "file_left_out")
    assert sentence.startswith("panel.csv was left out: it has no patient identifier in common")


def test_the_clinical_table_may_be_named(tmp_path: Path) -> None:
    two = {"a.csv": CLINICAL, "b.csv": "ID,pfs_months,pfs_event,sex\nP1,3,1,F\nP2,4,0,M\n"}
    for name, text in two.items():
        (tmp_path / name).write_text(text)
    assert load_cohort(tmp_path, clinical="b.csv").n == 2
    joined = load_cohort(tmp_path, clinical="a.csv")
    assert joined.n == 4
    assert list(joined.endpoints) == ["os", "pfs"]


def test_files_named_one_by_one(tmp_path: Path) -> None:
    for name, text in (("a.csv", CLINICAL), ("b.tsv", MATRIX), ("c.tsv", VARIANTS)):
        (tmp_path / name).write_text(text)
    folder = load_cohort(tmp_path)
    named = load_cohort(
        tmp_path / "a.csv", mutations=tmp_path / "b.tsv", variants=[tmp_path / "c.tsv"]
    )
    assert named.fingerprint == folder.fingerprint
    assert (named.name, folder.name) == ("a", tmp_path.name)
    assert named.provenance.source == "a.csv, b.tsv, c.tsv"
    turned = load_cohort(tmp_path / "c.tsv", clinical=tmp_path / "a.csv")
    assert turned.features.index.tolist()[:2] == ["FLT3", "FLT3_ITD"]


def test_a_mapping_speaks_of_the_joined_columns(tmp_path: Path) -> None:
    for name, text in (("a.csv", CLINICAL), ("b.tsv", MATRIX)):
        (tmp_path / name).write_text(text)
    cohort = load_cohort(tmp_path, mapping={"ignore": ["ASXL1"], "patient_id": "ID"}, name="Mine")
    assert "ASXL1" not in cohort.features.index
    assert cohort.name == "Mine"


def test_what_is_no_table_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "clinical.csv").write_text(CLINICAL)
    (tmp_path / "README.md").write_text("# About\n")
    (tmp_path / "notes.txt").write_text("Some words, and more.\n")
    (tmp_path / "remarks.txt").write_text("Some words and more\nwithout columns\n")
    (tmp_path / ".hidden.csv").write_text("a,b\n")
    (tmp_path / "figures").mkdir()
    cohort = load_cohort(tmp_path)
    sentences = issues(cohort, "file_left_out")
    assert any("README.md, figures and notes.txt" in sentence for sentence in sentences)
    assert any("remarks.txt was left out: it is text" in sentence for sentence in sentences)
    assert not any("hidden" in sentence for sentence in sentences)


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out.csv"
    inside.mkdir()
    outside.write_text("ID,secret\nP1,1.5\n")
    (inside / "clinical.csv").write_text(CLINICAL)
    (inside / "link.csv").symlink_to(outside)
    cohort = load_cohort(inside)
    assert "secret" not in cohort.patients
    assert any("link.csv" in sentence for sentence in issues(cohort, "file_left_out"))


def test_progress_is_told(tmp_path: Path) -> None:
    for name, text in (("a.csv", CLINICAL), ("b.tsv", MATRIX), ("c.tsv", VARIANTS)):
        (tmp_path / name).write_text(text)
    for load_it in (
        lambda tell: load_cohort(tmp_path, progress=tell),
        lambda tell: load_cohort(
            tmp_path / "a.csv", mutations=tmp_path / "b.tsv", variants=tmp_path / "c.tsv",
            progress=tell,
        ),
    ):  # fmt: skip
        told: list[tuple[str, float]] = []
        load_it(lambda what, share, told=told: told.append((what, share)))
        assert [what for what, _ in told] == [
            "Reading a.csv", "Reading b.tsv", "Reading c.tsv",
            "Putting the tables together", "Done",
        ]  # fmt: skip
        shares = [share for _, share in told]
        assert shares == sorted(shares)
        assert (shares[0], shares[-1]) == (0, 1)


def test_single_genes_of_the_clinical_table_do_not_say_who_was_sequenced() -> None:
    clinical = "ID,os_months,os_event,NPM1\nP1,1,0,1\nP2,2,1,0\nP3,3,0,\n"
    variants = "ID,gene,effect\nP1,TP53,missense\nP1,TET2,missense\nP2,ASXL1,nonsense\n"
    cohort = load(a_dot_csv=clinical, v_dot_csv=variants)
    # NPM1 was tested in two by other means; the list is of all three.
    assert states(cohort, "TP53") == [1, 0, 0]
    (sentence,) = issues(cohort, "sequenced")
    assert "convention of MAF annotation files" in sentence
    stated = load(
        a_dot_csv=clinical.replace("NPM1\n", "NPM1,sequenced\n").replace(",1\n", ",1,yes\n")
        .replace(",0\n", ",0,yes\n").replace(",\n", ",,no\n"), v_dot_csv=variants)  # fmt: skip
    assert states(stated, "TP53") == [1, 0, -1]


def test_a_mutation_where_the_columns_have_no_test_is_counted_and_stays_untested() -> None:
    matrix = "ID,TP53\nP1,1\nP2,0\nP3,\nP4,0\n"
    variants = "ID,gene,protein_change,effect\nP1,TP53,p.R1H,missense\nP3,TP53,p.R2H,missense\n"
    cohort = load(a_dot_csv=CLINICAL, b_dot_csv=matrix, c_dot_csv=variants)
    assert states(cohort, "TP53") == [1, 0, -1, 0]
    (issue,) = [issue for issue in cohort.issues if issue.code == "listed_untested"]
    assert issue.count == 1
    assert "TP53 (1)" in issue.sentence
    assert not issues(cohort, "conflict")


def test_a_hospitals_own_words() -> None:
    clinical = (
        "PatID;Geschlecht;Alter;OS (Monate);Status\n1;w;65;12,5;verstorben\n2;m;70;40;lebt\n"
        "3;w;55;33,1;lebt\n"
    )
    listed = "PatID;Gen;Mutation (Protein);VAF%\n1;JAK2;p.Val617Phe;45,2\n2;CALR;p.Leu367fs;38\n"
    cohort = load(k_dot_csv=clinical, v_dot_csv=listed)
    assert cohort.patients["os_months"].tolist() == [12.5, 40, 33.1]
    assert cohort.patients["os_event"].tolist() == [1, 0, 0]
    assert states(cohort, "JAK2_V617F") == [1, 0, 0]
    assert states(cohort, "CALR_type_1") == [0, 1, 0]
    assert cohort.mutations["vaf"].tolist() == [0.452, 0.38]


def test_the_clinical_tables_identifier_is_looked_for_by_its_name() -> None:
    clinical = CLINICAL.replace("ID,", "Fallnummer,")
    variants = "effect,gene,Fallnummer\nmissense,TP53,P1\nmissense,TET2,P2\n"
    cohort = load(a_dot_csv=clinical, v_dot_csv=variants)
    assert states(cohort, "TP53") == [1, 0, 0, 0]


def test_a_table_of_which_one_identifier_matches_by_chance_gets_the_hint() -> None:
    clinical = "id,age,os_months,os_event\n" + "".join(
        f"{i:03d},{50 + i},{9 + i},{i % 2}\n" for i in range(1, 13)
    )
    panel = "id,hb,TP53\n005,9.5,1\n" + "".join(f"{i},10.5,0\n" for i in range(6, 13))
    cohort = load_files({"c.csv": clinical.encode(), "p.csv": panel.encode()})
    (issue,) = [issue for issue in cohort.issues if issue.code == "spelling"]
    assert issue.count == 7
    assert "leading zeros" in issue.sentence
    assert int(cohort.alterations["TP53"].notna().sum()) == 1
