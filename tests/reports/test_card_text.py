"""One card explained: its client, its owner and the rule that chose him, its stage, the reason."""

from __future__ import annotations

from dataclasses import replace

from b24kit.change.intake import DeclineIncoming
from b24kit.change.operation import BindLetter, CreateRecord, Phase, Reason, UpdateRecord
from b24kit.change.plan import LeftAlone
from b24kit.crm.cards import Contact, Lead, PersonName
from b24kit.crm.incoming import Category, Incoming
from b24kit.crm.records import Record
from b24kit.crm.refs import Kind, Ref, new_ref
from b24kit.reports.card_text import card_story, story_lines
from b24kit.reports.wording import card_text, moment_text, worded
from tests.reports.test_plan_text import plan

LEAD, KNOWN = Ref(Kind.LEAD, "31"), Ref(Kind.CONTACT, "80")
NEW = new_ref(Kind.CONTACT, "contact-c-31")
RULE = {"owner_rule": "owner.known_contact", "owner_user": "Анна Ли"}


def closing(client: Ref) -> UpdateRecord:
    return UpdateRecord(
        key="lead-31", cluster="c-31", phase=Phase.CARDS, ref=LEAD,
        reason=Reason("clean.link_lead", {"client": str(client), **RULE}),
        before={"stage": "UC_1", "owner": "1"}, after={"stage": "NEW", "owner": "5"},
    )  # fmt: skip


def cards(ref: Ref) -> Record | None:
    found: dict[Ref, Record] = {
        LEAD: Lead(id="31", title="Вопрос", stage="UC_1"),
        KNOWN: Contact(id="80", name=PersonName("Ольга", "Левина")),
    }
    return found.get(ref)


def test_a_new_client_is_called_by_the_name_he_will_have() -> None:
    make = CreateRecord(
        key="contact-c-31", cluster="c-31", phase=Phase.CONTACTS, kind=Kind.CONTACT, values={"owner": "5"},
        reason=Reason("clean.create_contact", {"name": "Левина Ольга", "letters": 2, "first": "?", "last": "?"}),
    )  # fmt: skip
    bind = BindLetter(
        key="bind-1", cluster="c-31", phase=Phase.LINKS, reason=Reason("clean.bind_letter", {"lead": "31"}),
        activity=Ref(Kind.ACTIVITY, "1"), card=NEW,
    )  # fmt: skip
    made = replace(plan(make, bind, closing(NEW)), assignment={"31": str(NEW), "40": str(NEW)})
    story = card_story(made, LEAD, cards)
    assert (story.client_name, story.together, story.stages) == ("Левина Ольга", ("40",), ("UC_1", "NEW"))
    text = "\n".join(story_lines(story, made, "ru"))
    assert "новый контакт «Левина Ольга»" in text and "Лид 31 «Вопрос»" in text
    assert "Клиента ведёт Анна Ли" in text and "E-mail → Новый ЛИД" in text
    assert "new:" not in text and "owner" not in text


def test_a_known_client_is_looked_up_as_he_was() -> None:
    made = replace(plan(closing(KNOWN)), assignment={"31": str(KNOWN)})
    text = "\n".join(story_lines(card_story(made, LEAD, cards), made, "ru"))
    assert "контакт 80 «" in text and "Левина" in text


def test_a_card_left_alone_says_why_and_an_unknown_one_that_it_is_not_in_the_plan() -> None:
    made = plan(left=(LeftAlone(LEAD, Reason("clean.left.young")),))
    assert card_story(made, LEAD, cards).left
    stranger = card_story(made, Ref(Kind.LEAD, "99"), cards)
    assert not stranger.known and len(story_lines(stranger, made, "ru")) == 2


def test_facts_are_worded_before_a_sentence_is_said() -> None:
    facts = {"fields": ["stage", "owner"], "by": "5", "card": "lead:7", "pid": 12345, "phrase_ru": "удалить 2"}
    told = worded(facts, "ru", {"user:5": "Анна Ли"})
    assert told["fields"] == "стадия, ответственный" and told["by"] == "Анна Ли"
    assert (told["card"], told["pid"], told["phrase"]) == ("лид 7", "12345", "удалить 2")


def test_cards_and_moments_are_said_in_both_languages() -> None:
    assert (card_text(NEW, "en"), card_text("lead:7", "en")) == ("a new contact", "lead 7")
    assert moment_text("2026-01-31", "ru") == "31.01.2026"
    assert moment_text("whenever", "ru") == "whenever"


def test_an_incoming_lead_goes_by_the_number_of_the_lead_it_stands_on() -> None:
    why = Reason("clean.decline_copied", {"client": "contact:80", "lead": "31", "owner": "5"})
    decline = DeclineIncoming(
        key="decline-31", cluster="c-31", phase=Phase.RETIRE, reason=why, incoming=Ref(Kind.INCOMING, "uid"),
        before={"lead": "31", "contacts": []},
    )  # fmt: skip
    found = card_story(plan(decline), LEAD, cards)
    assert found.known and found.why == (why,)


def test_an_incoming_lead_that_is_left_alone_says_why_under_that_number() -> None:
    one = Incoming(id="uid", category=Category.FORMS, lead="31")
    left = LeftAlone(one.ref, Reason("clean.left.incoming_forms"))
    found = card_story(replace(plan(), left=(left,)), LEAD, lambda ref: one if ref == one.ref else None)
    assert [reason.code for reason in found.left] == ["clean.left.incoming_forms"]
