"""Incoming leads: taken in, turned down, linked; what became of a lost answer is told by looking."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from b24kit.connectors.amocrm.client import AmoClient
from b24kit.connectors.amocrm.portal import AmoPortal
from b24kit.connectors.factory import read_credentials
from b24kit.crm.cards import Contact, Lead
from b24kit.crm.incoming import Category, Incoming
from b24kit.crm.pipeline import LEADS, Outcome
from b24kit.crm.records import values_of
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.writes import Accept, Create, Decline, Delete, LinkIncoming, Settled, TakeIn
from b24kit.sandbox.remote import RemoteClock
from b24kit.sandbox.server import Sandbox

from .conftest import Desk


@pytest.fixture
def company() -> Iterator[Desk]:
    """The generated company: letters wait in its unsorted."""
    seed = {"kind": "company", "leads": 40, "seed": 7}
    with Sandbox(vendor="amocrm", seed=seed, clock="moved", grace=0.001, manners={"rate": None}) as sandbox:
        clock = RemoteClock(sandbox.control)
        access = read_credentials(f"{sandbox.url} {sandbox.token}")
        client = AmoClient(access, clock=clock)  # type: ignore[arg-type]
        yield Desk(sandbox, client, AmoPortal(client, host=access.host), clock)
        client.close()
        assert not sandbox.control.mails(), "a letter was really sent"


def letter(desk: Desk) -> Incoming:
    return next(one for one in desk.portal.incoming() if one.category is Category.MAIL)


def won(desk: Desk) -> str:
    return next(one.code for one in desk.portal.stages() if one.ladder == LEADS and one.outcome is Outcome.WON)


def intake(desk: Desk, what: str, one: Incoming) -> TakeIn:
    if what == "accept":
        return Accept("p.1", one.ref, won(desk), "3", values_of(one))
    if what == "decline":
        return Decline("p.1", one.ref, None, values_of(one))
    deal = next(iter(desk.portal.deals())).ref
    return LinkIncoming("p.1", one.ref, deal, None, values_of(one))


def test_an_accepted_letter_shows_its_contact_under_the_owner_that_was_named(company: Desk) -> None:
    one = letter(company)
    contact = Ref(Kind.CONTACT, one.contacts[0])
    assert contact not in company.portal.read([contact])
    [result] = company.do(intake(company, "accept", one)).values()
    assert result.settled is Settled.DONE
    found = company.portal.read([contact, Ref(Kind.LEAD, one.lead or "")])
    lead = found[Ref(Kind.LEAD, one.lead or "")]
    assert isinstance(found[contact], Contact) and isinstance(lead, Lead)
    assert (lead.stage, lead.owner, lead.contact) == (won(company), "3", one.contacts[0])


def test_a_declined_letter_is_gone_with_its_lead_and_contact(company: Desk) -> None:
    one = letter(company)
    [result] = company.do(intake(company, "decline", one)).values()
    assert result.settled is Settled.DONE
    refs = [one.ref, Ref(Kind.LEAD, one.lead or ""), Ref(Kind.CONTACT, one.contacts[0])]
    assert company.portal.read(refs) == {}


def test_a_linked_letter_takes_the_named_contact_for_its_sender(company: Desk) -> None:
    one, deal = letter(company), next(iter(company.portal.deals()))
    write = LinkIncoming("p.1", one.ref, deal.ref, deal.contact, values_of(one))
    [result] = company.do(write).values()
    assert result.settled is Settled.DONE
    assert company.portal.read([one.ref, Ref(Kind.CONTACT, one.contacts[0])]) == {}
    letters = [found for found in company.portal.activities(on=Kind.DEAL) if found.card == deal.ref]
    assert one.subject in {found.subject for found in letters}


def test_an_account_that_links_no_letters_refuses_and_nothing_is_lost(company: Desk) -> None:
    portal = company.control.settings()["portal"]
    company.control.settings(portal={**portal, "unsorted_link_mail": False})
    one = letter(company)
    [result] = company.do(intake(company, "link", one)).values()
    assert result.settled is Settled.REFUSED
    assert one.ref in company.portal.read([one.ref])


@pytest.mark.parametrize("what", ["accept", "decline", "link"])
@pytest.mark.parametrize("done", [True, False], ids=["done", "lost"])
def test_a_lost_answer_is_settled_by_looking(company: Desk, what: str, done: bool) -> None:
    write = intake(company, what, letter(company))
    company.control.faults({"kind": "cut_after" if done else "cut_before", "writes_only": True})
    list(company.portal.perform([write], lambda batch: None))
    company.control.faults()
    company.clock.sleep(61)
    result = company.portal.settle([write])[write.key]
    assert result.settled is (Settled.DONE if done else Settled.NOT_EXECUTED)


def test_what_a_person_declined_meanwhile_is_no_acceptance_of_ours(company: Desk) -> None:
    one = letter(company)
    company.do(intake(company, "decline", one))
    write = intake(company, "accept", one)
    result = company.portal.settle([write])[write.key]
    assert (result.settled, result.code) == (Settled.REFUSED, "taken_by_others")


def test_many_incoming_leads_are_read_in_few_requests(company: Desk) -> None:
    refs = [one.ref for one in company.portal.incoming()]
    company.control.forget_metrics()
    assert set(company.portal.read(refs)) == set(refs)
    count = len(refs)  # they themselves, and the notes of people on their leads
    assert company.control.metrics()["requests"] <= -(-count // 40) + -(-count // 50)


def test_a_reason_of_a_loss_is_made_found_and_removed(desk: Desk) -> None:
    write = Create("p.1", Kind.LOSS_REASON, {"name": "Не обращение"})
    [made] = desk.do(write).values()
    assert made.new_id in {reason.id for reason in desk.portal.loss_reasons()}
    assert desk.portal.settle([write])[write.key].new_id == made.new_id
    desk.do(Delete("p.2", Ref(Kind.LOSS_REASON, str(made.new_id))))
    assert made.new_id not in {reason.id for reason in desk.portal.loss_reasons()}
