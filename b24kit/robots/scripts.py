"""Scripts with their gaps filled: what a seller reads in his task and a client in his letter.

Values come from strangers, so whatever a portal would read as markup is made harmless before it goes into a text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from b24kit.change.operation import Reason
from b24kit.i18n import say
from b24kit.robots.answers import company_of, name_of, value
from b24kit.robots.decision import Action
from b24kit.robots.facts import CardFacts
from b24kit.robots.people import People
from b24kit.robots.rules import Rules
from b24kit.robots.spec_words import Lines

_LONGEST = 120
_MARKUP = str.maketrans({"[": "(", "]": ")", "<": "‹", ">": "›", "{": "(", "}": ")"})
_GAP = re.compile(r"(?P<before>,?[ \u00a0]*)\{(?P<name>\w+)\}")


def inert(text: object) -> str:
    """A stranger's value as plain words: one line, no BBCode, no HTML, no formula, of bearable length."""
    line = " ".join("".join(char for char in str(text) if char.isprintable() or char.isspace()).split())
    return line.translate(_MARKUP).lstrip("=+@-")[:_LONGEST].strip() if not _phone(line) else line


def filled(text: str, values: Mapping[str, object]) -> str:
    """A text with its gaps filled; an unknown value takes the comma before it along: «Здравствуйте!»."""

    def put(found: re.Match[str]) -> str:
        told = inert(values.get(found["name"]) or "")
        return found["before"] + told if told else ""

    said = _GAP.sub(put, text.replace("{{", "(").replace("}}", ")")).strip()
    began = said.lstrip(" ,") if text.lstrip().startswith("{") else said  # «{first_name}, добрый день» of a stranger
    return began if began == said else began[:1].upper() + began[1:]


def spoken(facts: CardFacts, rules: Rules, people: People, script: Lines) -> str:
    """A script as this seller says it to this client, in the language of the playbook."""
    owner = facts.card.owner
    values = {
        "first_name": name_of(facts).first,
        "seller": people.name(owner),
        "company": value(facts, rules.gates.fields, "our_company") or company_of(facts),
        "course": value(facts, rules.gates.fields, "course") or "",
        "phone": people.phone(owner),
    }
    return filled(script.said(rules.language), values)


def told(rules: Rules, reason: Reason) -> str:
    """A reason as it is written to the portal."""
    return say(reason.code, rules.language, **{name: _plain(fact) for name, fact in reason.facts.items()})


def comment(facts: CardFacts, rules: Rules, key: str, reason: Reason) -> Action:
    """A comment on the card made of a reason."""
    return Action(kind="comment", key=key, card=facts.card.ref, values={"text": told(rules, reason)}, reason=reason)


def notice(facts: CardFacts, rules: Rules, key: str, user: str, reason: Reason) -> Action:
    """A notification to one of our people made of a reason."""
    values = {"user": user, "text": told(rules, reason)}
    return Action(kind="notice", key=key, card=facts.card.ref, values=values, reason=reason)


def task(
    facts: CardFacts,
    rules: Rules,
    people: People,
    key: str,
    words: tuple[Lines, Lines],
    due: datetime,
    reason: Reason,
) -> Action:
    """A task for the owner; `words` are its title and the script that becomes its text."""
    title, script = (spoken(facts, rules, people, one) for one in words)
    values = {
        "title": title,
        "text": f"{script}\n\n{told(rules, reason)}",
        "owner": facts.card.owner,
        "deadline": due.isoformat(),
    }
    return Action(kind="task", key=key, card=facts.card.ref, values=values, reason=reason)


def close(facts: CardFacts, rules: Rules, key: str, stage: str, why: str, reason: Reason) -> Action:
    """The end of a card: its stage, and the reason in words and in the field where the portal keeps it."""
    place = rules.gates.fields.get("loss_reason", ())[:1]
    values = {
        "stage": rules.code(facts.ladder, stage),
        "reason": why,
        "fields": dict.fromkeys(place, why),
        "text": told(rules, reason),
    }
    return Action(kind="close", key=key, card=facts.card.ref, values=values, reason=reason)


def move(facts: CardFacts, key: str, stage: str, reason: Reason) -> Action:
    """A step to another stage, by the portal's own code."""
    return Action(kind="move", key=key, card=facts.card.ref, values={"stage": stage}, reason=reason)


def _plain(fact: object) -> object:
    return inert(fact) if isinstance(fact, str) else fact


def _phone(line: str) -> bool:
    return re.fullmatch(r"\+?[\d ()-]{5,20}", line) is not None
