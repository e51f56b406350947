"""Scripts: gaps, unknown values, strangers' words; and every reason has its sentence in both languages."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from pydantic import ValidationError

from b24kit import robots
from b24kit.i18n import catalogue
from b24kit.owners.section import read_span, written_span
from b24kit.robots.scripts import filled, inert, spoken
from b24kit.robots.spec_sla import SlaRule
from b24kit.robots.spec_spawn import SpawnRule
from b24kit.robots.spec_words import Script
from tests.robots.ruleset import RULES, rules_of
from tests.robots.staff import Staff
from tests.robots.world import lead

PACKAGE = Path(str(robots.__file__)).parent


def test_a_script_speaks_to_this_client_in_the_language_of_the_playbook() -> None:
    script = Script(ru="{first_name}, это {seller}, {phone}.", en="{first_name}, this is {seller}.")
    assert spoken(lead("09.02 10:00"), RULES, Staff(), script) == "Пётр, это Анна Ким, +7 495 000-00-00."
    assert spoken(lead("09.02 10:00"), rules_of(language="en"), Staff(), script) == "Пётр, this is Анна Ким."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Здравствуйте, {first_name}!", "Здравствуйте!"),
        ("Курс {course} начинается", "Курс начинается"),
        ("{first_name}, добрый день", "Добрый день"),
    ],
)
def test_an_unknown_value_leaves_no_hole_in_the_middle(text: str, said: str) -> None:
    assert filled(text, {}) == said


@pytest.mark.parametrize(
    ("stranger", "shown"),
    [
        ("[URL=http://x]Иван[/URL]", "(URL=http://x)Иван(/URL)"),
        ("<script>alert(1)</script>", "‹script›alert(1)‹/script›"),
        ("=CMD()|' /C calc'!A0", "CMD()|' /C calc'!A0"),
        ("Иван\n\nПётр\u202e\x00", "Иван Пётр"),
        ("{seller}", "(seller)"),
        ("+7 916 000-00-01", "+7 916 000-00-01"),
        ("я" * 500, "я" * 120),
    ],
    ids=["bbcode", "html", "formula", "lines", "gap", "phone", "long"],
)
def test_a_strangers_value_is_plain_words(stranger: str, shown: str) -> None:
    assert inert(stranger) == shown


@pytest.mark.parametrize(
    "text", ["{first_name.__class__}", "{0}", "{}", "{first_name!r}", "{name}", "{", "{seller:>99}"]
)
def test_a_script_asks_for_nothing_but_its_variables(text: str) -> None:
    with pytest.raises(ValidationError):
        Script(ru=text)


@pytest.mark.parametrize("text", ["0m", "15m", "1h", "36h", "3d"])
def test_a_span_is_written_back_as_it_was_read(text: str) -> None:
    assert written_span(read_span(text)) == text


def codes() -> set[str]:
    """Every code of a Reason in the package; those put together are spelled out here."""
    found = {f"robots.sla.{step}" for step in ("warn", "owner", "head", "pass", "nobody", "over", "runs")}
    found |= {f"robots.spawn.{kind}" for kind in SpawnRule.model_fields["kind"].annotation.__args__}  # type: ignore[union-attr]
    for path in PACKAGE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("robots."):
                found.add(node.value)
    return {code for code in found if code.count(".") == 2 and code.split(".")[1] in OURS and not code.endswith(".")}


OURS = ("sla", "cadence", "parked", "reopen", "gates", "score", "portrait", "spawn", "wake", "marketing")


def test_every_reason_has_its_sentence_in_both_languages() -> None:
    assert len(codes()) > 35
    for lang in ("ru", "en"):
        assert sorted(codes() - set(catalogue(lang))) == []


def test_every_mistake_of_a_section_has_its_sentence() -> None:
    kinds = set()
    for path in PACKAGE.glob("spec_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "PydanticCustomError":
                kinds.add(ast.literal_eval(node.args[0]))
    assert len(kinds) > 12
    assert sorted(f"playbook.fault.{kind}" for kind in kinds if f"playbook.fault.{kind}" not in catalogue("ru")) == []
    assert SlaRule.model_fields["within"].description
