"""The catalogues: both languages say the same things, and every code that the program uses is there."""

from __future__ import annotations

import ast
import string
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import b24kit
from b24kit import errors
from b24kit.i18n import catalogue

PACKAGE = Path(b24kit.__file__).parent
CATALOGUES = PACKAGE / "i18n"
ERRORS = frozenset(
    name for name, item in vars(errors).items() if isinstance(item, type) and issubclass(item, errors.B24kitError)
)
SAID = {"Reason": 0, "NoWayBack": 1, "Fault": 1, "Proposal": 0}
NAMED = {"HandStep": "code", "Finding": "code", "StageFinding": "code", "Sheet": "name"}


def _keys(tree: dict[str, object], prefix: str = "") -> Iterator[str]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _keys(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"


def _calls() -> Iterator[tuple[str, str, list[str]]]:
    """(where, name of what is called, the codes it is given) for every call with a literal code."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if "sandbox" in path.relative_to(PACKAGE).parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = str(getattr(node.func, "id", "") or getattr(node.func, "attr", ""))
                where = f"{path.relative_to(PACKAGE)}:{node.lineno}"
                yield where, name, _codes(name, node)


def _codes(name: str, node: ast.Call) -> list[str]:
    if name in ERRORS:
        place: ast.expr | None = node.args[0] if node.args else None
    elif name in SAID and len(node.args) > SAID[name]:
        place = node.args[SAID[name]]
    else:
        wanted = NAMED.get(name, "code")
        place = next((one.value for one in node.keywords if one.arg == wanted), None)
        place = place or (node.args[0] if name == "Sheet" and node.args else None)
    return list(_literals(place)) if name in ERRORS or name in SAID or name in NAMED else []


def _literals(node: ast.expr | None) -> Iterator[str]:
    """Literal codes, through `a if b else c`; a code that is put together is checked by the tests of its module."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _literals(node.body)
        yield from _literals(node.orelse)


USED = [(where, name, code) for where, name, codes in _calls() for code in codes]


def _is_error(where: str, name: str) -> bool:
    """A vendor's fault is turned into an error of the same code."""
    return name in ERRORS or (name == "Fault" and where.startswith("connectors"))


@pytest.mark.parametrize("russian", sorted(CATALOGUES.glob("*.ru.toml")), ids=lambda path: path.stem)
def test_both_languages_have_the_same_keys(russian: Path) -> None:
    english = russian.with_name(russian.name.replace(".ru.", ".en."))
    ru, en = (set(_keys(tomllib.loads(path.read_text(encoding="utf-8")))) for path in (russian, english))
    assert ru - en == set(), "missing in English"
    assert en - ru == set(), "missing in Russian"


def test_no_key_is_defined_in_two_catalogues() -> None:
    seen: dict[str, str] = {}
    for path in sorted(CATALOGUES.glob("*.ru.toml")):
        for key in _keys(tomllib.loads(path.read_text(encoding="utf-8"))):
            assert key not in seen, f"{key} stands in {seen.get(key)} and {path.name}"
            seen[key] = path.name


@pytest.mark.parametrize("lang", ["ru", "en"])
def test_every_sentence_is_a_sound_pattern(lang: str) -> None:
    for key, sentence in catalogue("ru" if lang == "ru" else "en").items():
        try:
            list(string.Formatter().parse(sentence))
        except ValueError as error:
            pytest.fail(f"{key}: {error}")


def test_every_error_says_what_happened_and_what_to_do_next() -> None:
    known = catalogue("ru")
    missing = [
        f"{where}: {prefix}.{code}"
        for where, name, code in USED
        if _is_error(where, name)
        for prefix in ("error", "next")
        if f"{prefix}.{code}" not in known
    ]
    assert missing == [], "\n".join(missing)


def test_every_reason_step_and_finding_has_its_sentence() -> None:
    known = catalogue("ru")
    missing = [f"{where}: {code}" for where, name, code in USED if not _is_error(where, name) and code not in known]
    assert missing == [], "\n".join(missing)


def test_what_a_vendor_calls_otherwise_is_said_of_the_others_too() -> None:
    known = catalogue("ru")
    otherwise = {key: key.split(".", 2)[2] for key in known if key.startswith("as.")}
    assert otherwise and [key for key, code in otherwise.items() if code not in known] == []
    gaps = {key: _gaps(known[key]) - _gaps(known[code]) for key, code in otherwise.items()}
    assert {key: extra for key, extra in gaps.items() if extra} == {}, "facts that nobody gives"


def _gaps(sentence: str) -> set[str]:
    return {str(name).partition("|")[0] for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_the_scan_finds_codes_at_all() -> None:
    assert len(USED) > 50
