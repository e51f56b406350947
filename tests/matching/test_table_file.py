"""Files as people send them: separators, a BOM, a wrong encoding, a torn archive, ids that are not ids."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from b24kit.errors import UsageError
from b24kit.matching.table_file import read_pile, read_values, write_clusters

GOOD = "id,name,email\n1,Анна Ремизова,a@f.example\n2,,b@f.example\n"


@pytest.mark.parametrize(
    "text", [GOOD, GOOD.replace(",", ";"), GOOD.replace(",", "\t"), GOOD.upper().replace("1", "1")]
)
def test_separators_and_capital_headers_are_understood(tmp_path: Path, text: str) -> None:
    file = tmp_path / "leads.csv"
    file.write_text(text, encoding="utf-8-sig")
    pile = read_pile(file)
    assert list(pile.ids) == ["1", "2"] and pile.names[0].title() == "Анна Ремизова"


def test_an_archive_is_read_and_short_rows_and_blank_lines_do_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "leads.csv.gz"
    file.write_bytes(gzip.compress("lead_id,name,email,other\n1,Анна\n\n2,Олег,o@f.example,x\n".encode()))
    pile = read_pile(file)
    assert list(pile.ids) == ["1", "2"] and list(pile.emails) == ["", "o@f.example"]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.csv", b"x,email\n1,a@f.example\n", "match.no_id"),
        ("a.csv", b"id,other\n1,2\n", "match.no_columns"),
        ("a.csv", b"id,email\n1,a\n1,b\n", "match.same_id"),
        ("a.csv", b"id,email\n,a\n", "match.empty_id"),
        ("a.csv", b"id,email,email\n1,a,b\n", "match.same_column"),
        ("a.csv", "id,name\n1,Анна\n".encode("cp1251"), "match.encoding"),
        ("a.csv", b"id,email\n1,a,b,c\n", "match.long_row"),
        ("a.csv", b"", "match.no_id"),
        ("a.csv", b'id,email\n1,"a@f.example\n2,b@f.example\n', "match.open_quote"),
        ("a.csv", b'id,email\n1,a@f.example\n2,"b@f.example', "match.open_quote"),
        ("a.csv.gz", gzip.compress(GOOD.encode(), mtime=0)[:-12], "match.broken_gzip"),
        ("a.csv.gz", GOOD.encode(), "match.broken_gzip"),
    ],
)
def test_what_cannot_be_read_says_why(tmp_path: Path, name: str, content: bytes, code: str) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        read_pile(file)
    assert caught.value.code == code


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        read_values(tmp_path / "absent.csv")
    assert caught.value.code == "match.no_file"


def test_clusters_are_written_in_the_order_of_the_rows(tmp_path: Path) -> None:
    file = tmp_path / "new" / "clusters.csv.gz"
    write_clusters(file, ["2", "1"], ["1", "1"])
    assert gzip.decompress(file.read_bytes()).decode() == "id,cluster\n2,1\n1,1\n"
