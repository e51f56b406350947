"""The workbook of 1,000 questions: seconds and memory of writing it, and of reading it back filled in."""

from __future__ import annotations

import json
import resource
import tempfile
import time
from pathlib import Path
from typing import Any

import openpyxl

from b24kit.matching.explain import Why
from b24kit.matching.joining import Rule
from b24kit.matching.sides import Asked, Joined, Side
from b24kit.matching.verdicts import question_key
from b24kit.reports.deep_links import deep_link
from b24kit.reports.review_book import ReviewBook, write_review
from b24kit.reports.review_reading import read_review

QUESTIONS, CLUSTERS = 1_000, 1_000
HOST = "firm.example"


def main() -> None:
    """Print one JSON object. Aim: written within 3 s, the process within 200 MB."""
    print(json.dumps({"benchmark": "review_book", **measure(QUESTIONS, CLUSTERS)}))


def measure(questions: int, clusters: int) -> dict[str, Any]:
    """Write, fill in by another program, read back."""
    content = book(questions, clusters)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "review.xlsx"
        started = time.perf_counter()
        write_review(content, path, "ru", lambda card: deep_link(card, HOST, {}))
        written = time.perf_counter() - started
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        size = path.stat().st_size
        _fill(path)
        started = time.perf_counter()
        found = read_review(path, HOST)
        read = time.perf_counter() - started
    return {
        "questions": questions,
        "clusters": clusters,
        "write_seconds": round(written, 2),
        "write_peak_mb": round(peak),
        "file_kb": size // 1024,
        "read_seconds": round(read, 2),
        "answers_read": len(found.decisions),
    }


def book(questions: int, clusters: int) -> ReviewBook:
    """A workbook with sides of a usual size: four letters against a contact with three."""
    asked = [_asked(number) for number in range(questions)]
    joined = [
        Joined(f"lead:{number}9", (_side(f"lead:{number}9", 3), _side(f"lead:{number}8", 2)), (Rule.ADDRESS,))
        for number in range(clusters)
    ]
    ids = {card for one in asked for side in (one.one, one.other) for card in side.ids}
    ids |= {card for one in joined for side in one.members for card in side.ids}
    return ReviewBook(portal=HOST, questions=asked, joined=joined, prints=dict.fromkeys(ids, "0123abcd"))


def _asked(number: int) -> Asked:
    one, other = _side(f"lead:{number}1", 4), _side(f"contact:{number}1", 3)
    why = Why("match.why.asked", (("match.part.same_name", {"one": "Белова Анна", "other": "Белова Анна"}),))
    return Asked(question_key(one.head, other.head), one, other, 75, why)


def _side(head: str, cards: int) -> Side:
    ids = (head, *(f"lead:{head.partition(':')[2]}00{place}" for place in range(1, cards)))
    emails = (f"anna.{head.partition(':')[2]}@firm.example", f"a{head.partition(':')[2]}@mail.ru")
    names = ("Белова Анна Сергеевна", "Анна Белова")
    return Side(ids, names, emails, ("+79161234567",), ("ООО «Фирма»",), "Вопрос о семинаре", 1.7e9, 1.75e9)


def _fill(path: Path) -> None:
    file = openpyxl.load_workbook(path)
    for row in file.worksheets[0].iter_rows(min_row=2, max_col=1):
        row[0].value = "один клиент"
    file.save(path)


if __name__ == "__main__":
    main()
