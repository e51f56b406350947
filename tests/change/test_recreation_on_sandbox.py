"""A client with his company removed from a real server and brought back: who spoke of them speaks of them again."""

from __future__ import annotations

from b24kit.change.guard import Consent
from b24kit.change.operation import Operation, Phase, RemoveRecord
from b24kit.change.recap import Ended
from b24kit.change.undo import undo_plan
from b24kit.crm.cards import Company, Contact
from b24kit.crm.records import values_of
from tests.change.cases import WHY
from tests.change.test_on_sandbox import Place, place

__all__ = ["place"]


def gone(card: Contact | Company) -> Operation:
    return RemoveRecord(
        key=f"rm-{card.ref.kind.value}",
        phase=Phase.RETIRE,
        reason=WHY,
        cluster="c",
        ref=card.ref,
        before=values_of(card),
        kept=True,
    )


def test_deals_of_a_removed_client_get_the_one_made_in_his_place(place: Place) -> None:
    snapshot = place.snapshot("before")
    deal = next(deal for deal in snapshot.deals() if deal.contact and deal.company)
    contact = next(one for one in snapshot.contacts() if one.id == deal.contact)
    company = next(one for one in snapshot.companies() if one.id == deal.company)
    work = place.rollout(consent=Consent(phrase="delete 2"))
    run = work.apply(place.plan([gone(contact), gone(company)], snapshot))
    assert next(one for one in place.portal.deals() if one.id == deal.id).contact is None

    recap = work.apply(undo_plan(work.store.open(run.run_id), place.portal, work.store, place.clock))
    assert recap.ended is Ended.DONE and not recap.undone
    now = next(one for one in place.portal.deals() if one.id == deal.id)
    back = {one.id: one for one in place.portal.contacts()}[now.contact or ""]
    assert (back.name, back.extra) == (contact.name, contact.extra)
    assert now.company is not None and now.company != company.id
    assert back.company == now.company
