"""The workbook of questions: safe to open, and read back whatever people did to its rows."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from b24kit.cleanup.decisions import About
from b24kit.connectors.factory import capabilities_of
from b24kit.errors import Refused, UsageError
from b24kit.i18n import LANGUAGES, Language, say
from b24kit.matching.explain import Why
from b24kit.matching.joining import Rule
from b24kit.matching.sides import Asked, Joined, Side
from b24kit.matching.verdicts import Verdict, question_key
from b24kit.reports.deep_links import deep_link
from b24kit.reports.review_book import HIDDEN, Given, ReviewBook, write_review
from b24kit.reports.review_reading import given_in, read_review

HOST = "firm.example"
FORMULA = "=cmd|' /C calc'!A0"


def asked(number: int, name: str = "Белова Анна") -> Asked:
    one = Side(
        (f"lead:{number}",), (name,), ("a@one.example",), ("+79161234567",), subject=FORMULA, first=0.0, last=9e8
    )
    other = Side((f"contact:{number}", f"lead:{number}00"), ("@SUM(1+1)",), ("-b@two.example",))
    return Asked(question_key(one.head, other.head), one, other, 75, Why("match.why.asked"))


def book(count: int = 3, **more: object) -> ReviewBook:
    prints = {card: "0123abcd" for number in range(1, count + 1) for card in (f"lead:{number}", f"contact:{number}")}
    prints |= {f"lead:{number}00": "89ef4567" for number in range(1, count + 1)}
    questions = [asked(number) for number in range(1, count + 1)]
    return ReviewBook(portal=HOST, questions=questions, prints=prints, **more)  # type: ignore[arg-type]


def written(path: Path, content: ReviewBook, lang: Language = "ru") -> Path:
    write_review(content, path, lang, lambda card: deep_link(card, HOST, capabilities_of("bitrix24").pages))
    return path


def edited(path: Path, change: Callable[[Worksheet], None]) -> Path:
    """The first sheet changed by a person, and saved by another program than the one that wrote it."""
    file = openpyxl.load_workbook(path)
    change(file.worksheets[0])
    file.save(path)
    return path


def answers(*given: str) -> Callable[[Worksheet], None]:
    def fill(sheet: Worksheet) -> None:
        for row, answer in enumerate(given, 2):
            sheet.cell(row, 1).value = answer

    return fill


@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_answer_chosen_from_the_list_comes_back_with_both_sides(tmp_path: Path, lang: Language) -> None:
    path = written(tmp_path / "r.xlsx", book(), lang)
    words = [say(f"review.answer.{word}", lang) for word in ("same", "different")]
    found = read_review(edited(path, answers(*words)), HOST)
    assert [one.verdict for one in found.decisions] == [Verdict.SAME, Verdict.DIFFERENT]
    first = found.decisions[0]
    assert first.about is About.QUESTION and first.key == "contact:1~lead:1"
    assert first.one == {"lead:1": "0123abcd"} and first.other == {"contact:1": "0123abcd", "lead:100": "89ef4567"}
    assert (found.rows, found.unanswered) == (3, 1)


def test_the_list_drops_down_and_the_header_stays(tmp_path: Path) -> None:
    sheet = openpyxl.load_workbook(written(tmp_path / "r.xlsx", book()))["Вопросы"]
    (rule,) = sheet.data_validations.dataValidation
    assert rule.formula1 == '"один клиент,разные люди,не уверен,не трогать"' and "A2" in str(rule.sqref)
    assert sheet.freeze_panes == "D2" and sheet.auto_filter.ref
    hidden = [cell.column_letter for cell in sheet[1] if cell.value in HIDDEN]
    # Neighbouring columns of one width are kept as one group under the first letter.
    assert sheet.column_dimensions[hidden[0]].hidden


def test_nothing_a_stranger_wrote_becomes_a_formula_or_a_foreign_link(tmp_path: Path) -> None:
    path = written(tmp_path / "r.xlsx", book())
    with zipfile.ZipFile(path) as archive:
        sheets = [archive.read(name).decode() for name in archive.namelist() if name.startswith("xl/worksheets/sheet")]
        links = [archive.read(name).decode() for name in archive.namelist() if name.endswith("sheet1.xml.rels")]
        styles = archive.read("xl/styles.xml").decode()
    assert sheets and not any("<f>" in text or "<f " in text for text in sheets)
    assert "quotePrefix" in styles
    assert all(f"https://{HOST}/crm/" in link for link in links)
    cells = [cell for row in openpyxl.load_workbook(path)["Вопросы"] for cell in row if cell.value == FORMULA]
    assert cells and {cell.data_type for cell in cells} == {"s"}


def test_rows_may_be_sorted_deleted_and_added(tmp_path: Path) -> None:
    path = written(tmp_path / "r.xlsx", book(5))

    def shuffle(sheet: Worksheet) -> None:
        answers("один клиент", "", "разные люди", "", "не уверен")(sheet)
        rows: list[Sequence[object]] = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2, max_row=6)]
        for place, row in enumerate(reversed(rows), 2):
            for column, value in enumerate(row, 1):
                sheet.cell(place, column).value = value  # type: ignore[assignment]
        sheet.delete_rows(3)  # one without an answer
        sheet.insert_rows(1)
        sheet.cell(1, 1).value = "Заполняла Иванова"
        sheet.cell(12, 1).value = "один клиент"  # below everything, about nothing

    found = read_review(edited(path, shuffle), HOST)
    verdicts = {one.key: one.verdict for one in found.decisions}
    assert verdicts == {
        "contact:1~lead:1": Verdict.SAME,
        "contact:3~lead:3": Verdict.DIFFERENT,
        "contact:5~lead:5": Verdict.UNSURE,
    }
    assert found.rows == 4 and found.strangers == ("Вопросы:12",)


def test_unknown_answers_are_named_by_sheet_and_row(tmp_path: Path) -> None:
    path = edited(written(tmp_path / "r.xlsx", book()), answers("один клиент", "мб", "вынести"))
    with pytest.raises(UsageError, match="unknown_answers") as refused:
        read_review(path, HOST)
    assert refused.value.facts["rows"] == "Вопросы:3 «мб», Вопросы:4 «вынести»"


def test_another_portals_workbook_is_refused_by_name(tmp_path: Path) -> None:
    path = edited(written(tmp_path / "r.xlsx", book()), answers("один клиент"))
    with pytest.raises(Refused, match="other_portal") as refused:
        read_review(path, "other.example")
    assert refused.value.facts["theirs"] == HOST


@pytest.mark.parametrize("damaged", ["lead 1", "", "house:1=0123abcd"])
def test_a_damaged_hidden_column_is_named(tmp_path: Path, damaged: str) -> None:
    def damage(sheet: Worksheet) -> None:
        answers("один клиент")(sheet)
        at = next(cell.column for cell in sheet[1] if cell.value == "#one")
        sheet.cell(2, at).value = damaged

    with pytest.raises(UsageError, match="broken_rows"):
        read_review(edited(written(tmp_path / "r.xlsx", book()), damage), HOST)


@pytest.mark.parametrize(("name", "content"), [("a.xlsx", b"PK"), ("b.xlsx", b""), ("c.xls", b"\xd0\xcf\x11\xe0")])
def test_what_is_no_workbook_is_a_clear_mistake(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match="unreadable"):
        read_review(tmp_path / name)


def test_a_workbook_without_questions_is_a_clear_mistake(tmp_path: Path) -> None:
    openpyxl.Workbook().save(tmp_path / "x.xlsx")
    with pytest.raises(UsageError, match="not_a_review"):
        read_review(tmp_path / "x.xlsx")


def test_who_answered_stands_in_the_row_or_in_the_file(tmp_path: Path) -> None:
    path = written(tmp_path / "r.xlsx", book())
    file = openpyxl.load_workbook(path)
    file.properties.lastModifiedBy = "Иванова"
    answers("один клиент", "разные люди")(file.worksheets[0])
    file.worksheets[0].cell(3, 3).value = "Петрова"
    file.save(path)
    found = read_review(path, HOST).decisions
    assert [one.who for one in found] == ["Иванова", "Петрова"] and found[0].answered.startswith("20")


def test_what_was_filled_in_is_carried_over_unless_the_cards_changed(tmp_path: Path) -> None:
    path = edited(written(tmp_path / "r.xlsx", book()), answers("один клиент", "разные люди"))
    content = book()
    found = given_in(path, HOST, content.prints)
    assert {key: one.answer for key, one in found.items()} == {
        "contact:1~lead:1": "один клиент",
        "contact:2~lead:2": "разные люди",
    }
    assert set(given_in(path, HOST, {**content.prints, "lead:1": "ffffffff"})) == {"contact:2~lead:2"}
    assert given_in(path, "other.example", content.prints) == {}
    again = written(path, book(given=found))
    assert len(read_review(again, HOST).decisions) == 2


def test_joined_clusters_and_the_sample_have_their_own_answers(tmp_path: Path) -> None:
    members = (Side(("contact:9", "lead:91"), ("Анна",)), Side(("lead:92",), ("Анна Белова",)))
    cluster = Joined("contact:9", members, (Rule.ADDRESS,), frozenset({"contact:9"}))
    path = written(tmp_path / "r.xlsx", book(1, joined=[cluster], sample=[cluster]))
    file = openpyxl.load_workbook(path)
    assert file.sheetnames == ["Вопросы", "Выборка", "Уже объединены", "Как заполнять"]
    file["Выборка"].cell(2, 1).value = "верно"
    file["Уже объединены"].cell(3, 1).value = "вынести"
    assert "распадается" in str(file["Уже объединены"].cell(2, 5).value)
    file.save(path)
    sampled, split = sorted(read_review(path, HOST).decisions, key=lambda one: one.about != About.CLUSTER)
    assert sampled.verdict is Verdict.RIGHT and set(sampled.one) == {"contact:9", "lead:91", "lead:92"}
    assert split.verdict is Verdict.SPLIT and set(split.one) == {"lead:92"}
    assert set(split.other) == {"contact:9", "lead:91"}


def test_answers_already_there_are_written_into_the_list(tmp_path: Path) -> None:
    given = {"contact:1~lead:1": Given("не уверен", "спросить Олю", "Анна")}
    sheet = openpyxl.load_workbook(written(tmp_path / "r.xlsx", book(given=given)))["Вопросы"]
    assert [sheet.cell(2, column).value for column in (1, 2, 3)] == ["не уверен", "спросить Олю", "Анна"]


@pytest.mark.parametrize(
    ("card", "vendor", "link"),
    [
        ("lead:12", "bitrix24", "https://firm.example/crm/lead/details/12/"),
        ("contact:7", "amocrm", "https://firm.example/contacts/detail/7"),
        ("L12", "bitrix24", None),
        ("lead:12/../../x", "bitrix24", None),
    ],
)
def test_a_link_leads_to_the_card_on_its_portal(card: str, vendor: str, link: str | None) -> None:
    assert deep_link(card, HOST, capabilities_of(vendor).pages) == link
