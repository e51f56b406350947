"""The facts of many cards from a portal, in a handful of requests: cards, their stories, their clients, their deals."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from b24kit.crm.activity import Activity, Channel, Direction
from b24kit.crm.cards import Company, Contact, Deal, Lead
from b24kit.crm.pipeline import LEADS, deals_ladder
from b24kit.crm.records import Record, values_of
from b24kit.crm.refs import Ref
from b24kit.crm.watch import Arriving, CardStory, CardTask
from b24kit.robots.acquainted import WatchedPortal, acquainted
from b24kit.robots.act import PLAN
from b24kit.robots.facts import CardFacts, Move, OpenTask, Touch

__all__ = ["WatchedPortal", "gather", "marker_of", "touches_of"]

_MARK = re.compile(r"\[b24kit:robots\.([^\]\s]+)\]")
_SPOKEN = (Channel.EMAIL, Channel.CALL, Channel.MESSAGE, Channel.MEETING)


def gather(
    portal: WatchedPortal,
    cards: Sequence[Ref],
    done: Mapping[Ref, Mapping[str, datetime]],
    misnamed: dict[Ref, Ref] | None = None,
) -> dict[Ref, CardFacts]:
    """Facts of these leads and deals; those that are gone are absent. `done` are the action keys of each.

    Cards that are called wrong (a deal of the portal's is no lead of ours) are absent too, and told in `misnamed`.
    """
    present = portal.read(cards)
    alive: dict[Ref, Lead | Deal] = {}
    for ref in cards:
        if isinstance(card := present.get(ref), Lead | Deal):
            if (right := portal.right_name(card)) == ref:
                alive[ref] = card
            elif misnamed is not None:
                misnamed[ref] = right
    if not alive:
        return {}
    stories = portal.stories(list(alive), present)
    waiting = portal.arriving(list(alive.values()))
    known_as = acquainted(portal, list(alive.values()), done)
    clients = {ref for card in alive.values() for ref in known_as.clients(card) if not known_as.is_stranger(card)}
    deals = portal.deals_of(sorted(clients)) if clients else {}
    others = {deal for found in deals.values() for deal in found} - alive.keys()
    more = sorted({ref for card in alive.values() for ref in known_as.clients(card)} | others)
    missing = [ref for ref in more if ref not in known_as.people]
    known: dict[Ref, Record] = {**present, **known_as.people, **(portal.read(missing) if missing else {})}
    return {
        ref: _facts(
            ref,
            known,
            stories.get(ref, CardStory()),
            deals,
            done.get(ref, {}),
            known_as.clients(card),
            newcomer=ref in known_as.newcomers,
            arriving=waiting.get(ref),
        )
        for ref, card in alive.items()
    }


def _facts(
    ref: Ref,
    known: Mapping[Ref, Record],
    story: CardStory,
    deals: Mapping[Ref, Sequence[Ref]],
    done: Mapping[str, datetime],
    clients: Sequence[Ref],
    *,
    newcomer: bool = False,
    arriving: Arriving | None = None,
) -> CardFacts:
    card = known[ref]
    assert isinstance(card, Lead | Deal)
    contact, company = _client(clients, known)
    linked = [deal for client in clients for deal in deals.get(client, ()) if deal != ref]
    found = [known[deal] for deal in dict.fromkeys(linked) if deal in known]
    return CardFacts(
        card=card,
        ladder=LEADS if isinstance(card, Lead) else deals_ladder(card.pipeline),
        moves=tuple(Move(at=one.at, stage=one.stage, by=one.by) for one in story.entries),
        touches=tuple(touches_of(story)),
        tasks=tuple(_task(one) for one in story.tasks),
        letters=tuple(one for one in story.happened if one.direction is Direction.IN),
        contact=contact,
        company=company,
        deals=tuple(one for one in found if isinstance(one, Deal)),
        linked=tuple(dict.fromkeys(linked)),
        arriving=arriving,
        newcomer=newcomer and contact is not None and contact.id == card.contact,
        filled=frozenset(_filled(card, contact, company)),
        done=frozenset(done),
        done_at=dict(done),
    )


def touches_of(story: CardStory) -> Iterator[Touch]:
    """What really happened: letters, messages and meetings that took place, calls that are over.

    A planned call is none; a letter that we sent has not got through until the client answers.
    """
    for one in story.happened:
        at = _moment(one)
        if at is None or one.channel not in _SPOKEN or one.direction is Direction.NONE or not _happened(one):
            continue
        incoming = one.direction is Direction.IN
        answered = one.id in story.answered or (incoming and one.channel is not Channel.CALL)
        ours = story.origins.get(one.id, "").startswith(f"{PLAN}.")  # a letter of robots is no person's word
        by = None if incoming or ours else one.responsible
        yield Touch(at=at, channel=one.channel, direction=one.direction, got_through=answered, by=by, ref=one.ref)


def marker_of(text: str) -> str:
    """The action key in a text of ours, empty when there is none.

    >>> marker_of("Позвонить\\n[b24kit:robots.cadence/lead:7/NEW~1]")
    'cadence/lead:7/NEW~1'
    """
    found = _MARK.search(text)
    return found[1] if found else ""


def _happened(activity: Activity) -> bool:
    return activity.done or activity.direction is Direction.IN or activity.channel is Channel.EMAIL


def _moment(activity: Activity) -> datetime | None:
    return activity.start or activity.created


def _task(task: CardTask) -> OpenTask:
    return OpenTask(ref=task.ref, title=task.title, deadline=task.deadline, marker=marker_of(task.text), done=task.done)


def _client(clients: Sequence[Ref], known: Mapping[Ref, Record]) -> tuple[Contact | None, Company | None]:
    """The first contact and the first company of these."""
    records = [known[ref] for ref in clients if ref in known]
    contact = next((one for one in records if isinstance(one, Contact)), None)
    company = next((one for one in records if isinstance(one, Company)), None)
    return contact, company


def _filled(*cards: Lead | Deal | Contact | Company | None) -> Iterable[str]:
    """Names of fields that hold a value: ours, the vendor's own, and the sorts of points (`phone`, `email`)."""
    for card in cards:
        if card is None:
            continue
        values = values_of(card)
        yield from (name for name, value in values.items() if value not in (None, "", [], {}, "0") and name != "extra")
        yield from (name for name, value in card.extra.items() if value not in (None, "", [], {}, False))
        yield from (point.kind.value for point in card.points)
