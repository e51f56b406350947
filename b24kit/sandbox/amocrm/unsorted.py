"""Incoming leads by the API: list, one, summary, accept, decline, link. One request each: there is no bulk form.

Rests on the vendor's page "Unsorted". The list is always newest first, whatever order is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from b24kit.sandbox.amocrm import incoming, stages
from b24kit.sandbox.amocrm.conditions import listed, numbers
from b24kit.sandbox.amocrm.problems import Wrong, invalid, missing, no_choice
from b24kit.sandbox.amocrm.registry import Answer, Call, FakePortal, Problem, route
from b24kit.sandbox.amocrm.wire import page, self_link
from b24kit.sandbox.store import Row

LINKS_MAIL = "unsorted_link_mail"  # setting, true unless given: whether a letter may be linked as a chat may


@route("GET", "/leads/unsorted")
def unsorted(call: Call) -> Answer:
    """Those that wait, by `filter[uid]`, `filter[category]` and `filter[pipeline_id]`."""
    rows = call.store["unsorted"].rows
    found = [i for i in _asked(call) if incoming.waits(call.portal, rows[i])]
    found.sort(key=lambda i: (rows[i]["created_at"], i), reverse=True)
    return page(call, "unsorted", found, lambda i: shown(call, rows[i], in_list=True))


@route("GET", "/leads/unsorted/summary")
def summary(call: Call) -> Answer:
    """How many wait, were accepted and declined, and how long it took on average (seconds)."""
    rows = [call.store["unsorted"].rows[i] for i in _asked(call)]
    since, until = _span(call.query.get("filter"))
    open_ones = [row for row in rows if incoming.waits(call.portal, row) and since <= row["created_at"] <= until]
    settled = [row for row in rows if row["state"] and since <= row["settled_at"] <= until]
    taken = [row["settled_at"] - row["created_at"] for row in settled]
    body: Row = {"total": len(open_ones), "accepted": sum(row["state"] != "declined" for row in settled)}
    body["declined"] = sum(row["state"] == "declined" for row in settled)
    body["average_sort_time"] = sum(taken) // len(taken) if taken else 0
    kinds = {kind: sum(row["category"] == kind for row in open_ones) for kind in incoming.CATEGORIES}
    return Answer(body | {"categories": {kind: {"total": count} for kind, count in kinds.items()}})


@route("GET", "/leads/unsorted/{uid}")
def one(call: Call) -> Answer:
    """One that waits; a settled one is as unknown as any."""
    return Answer(shown(call, call.store["unsorted"].rows[_waiting(call)]))


@route("POST", "/leads/unsorted/{uid}/accept")
def accept(call: Call) -> Answer:
    """`user_id` (else the token's owner) takes it into `status_id` (else the pipeline's first status)."""
    row_id, sent = _waiting(call), _object(call)
    row = call.store["unsorted"].rows[row_id]
    user_id = _user(call, sent)
    place = _place(call.portal, row["pipeline_id"], sent.get("status_id"))
    row = incoming.accept(call.portal, row_id, user_id, *place)
    return Answer(_settled(call, row, ("leads", "contacts", "companies")))


@route("DELETE", "/leads/unsorted/{uid}/decline")
def decline(call: Call) -> Answer:
    """Into the bin; unlike other deletions it answers 200 with what went there."""
    row_id = _waiting(call)
    row = incoming.decline(call.portal, row_id, _user(call, _object(call)))
    return Answer(_settled(call, row, ("leads", "contacts")))


@route("POST", "/leads/unsorted/{uid}/link")
def link(call: Call) -> Answer:
    """To a lead that is there. The page allows chats only; the vendor's library also sends letters."""
    row_id, sent = _waiting(call), _object(call)
    row, wanted = call.store["unsorted"].rows[row_id], sent.get("link")
    if not isinstance(wanted, Mapping):
        raise _refusal(missing("link"))
    allowed = ("chats", "mail") if call.portal.settings.get(LINKS_MAIL, True) else ("chats",)
    if row["category"] not in allowed:
        raise _refusal(no_choice("uid"))  # its text on live accounts is not known
    lead_id = _card(call.portal, "leads", wanted.get("entity_id"), "link.entity_id")
    if wanted.get("entity_type") != "leads" or lead_id == row["lead_id"]:
        raise _refusal(no_choice("link.entity_type" if wanted.get("entity_type") != "leads" else "link.entity_id"))
    metadata = wanted.get("metadata")
    contact_id = metadata.get("contact_id") if isinstance(metadata, Mapping) else None
    if contact_id is not None:
        contact_id = _card(call.portal, "contacts", contact_id, "link.metadata.contact_id")
    incoming.link(call.portal, row_id, lead_id, contact_id, _user(call, sent))
    return Answer({"uid": row["uid"], "_embedded": {"leads": [_ref(call, "leads", lead_id)]}})


def shown(call: Call, row: Row, *, in_list: bool = False) -> Row:
    """An incoming lead as it is read."""
    told = {"uid": row["uid"], "source_uid": row.get("source_uid"), "source_name": row["source_name"]}
    told |= {"category": row["category"], "pipeline_id": row["pipeline_id"], "created_at": row["created_at"]}
    told |= {"metadata": _metadata(row, in_list), "account_id": call.portal.account_id}
    told["_links"] = self_link(call, f"/leads/unsorted/{row['uid']}")
    return told | {"_embedded": embedded(call, row, ("contacts", "leads", "companies"))}


def embedded(call: Call, row: Row, entities: tuple[str, ...]) -> dict[str, list[Row]]:
    """The cards behind an incoming lead."""
    ids = {"leads": row["lead_id"], "contacts": row.get("contact_id"), "companies": row.get("company_id")}
    return {entity: [_ref(call, entity, ids[entity])] if ids[entity] else [] for entity in entities}


def _metadata(row: Row, in_list: bool) -> Row:
    """Types differ from place to place in the page's own samples: the list gives a call's duration as a text, one
    incoming lead its phone as a text; the time of a form is a text everywhere."""
    told = dict(row["metadata"])
    texts = ("form_sent_at", "duration") if in_list else ("form_sent_at", "phone")
    return told | {key: str(told[key]) for key in texts if told.get(key) is not None}


def _ref(call: Call, entity: str, row_id: int) -> Row:
    return {"id": row_id, "_links": self_link(call, f"/{entity}/{row_id}")}


def _settled(call: Call, row: Row, entities: tuple[str, ...]) -> Row:
    head = {key: row[key] for key in ("uid", "pipeline_id", "category", "created_at")}
    return head | {"_embedded": embedded(call, row, entities)}


def _asked(call: Call) -> list[int]:
    """Rows, settled ones too, that fit the filter."""
    table, wanted = call.store["unsorted"], call.query.get("filter")
    wanted = wanted if isinstance(wanted, Mapping) else {}
    ids = table.ids()
    if "uid" in wanted:
        uids = {str(uid) for uid in listed(wanted["uid"])}
        ids = [i for i in ids if table.rows[i]["uid"] in uids]
    if "category" in wanted:
        kinds = {str(kind) for kind in listed(wanted["category"])}
        ids = [i for i in ids if table.rows[i]["category"] in kinds]
    if "pipeline_id" in wanted:
        pipelines = numbers(wanted["pipeline_id"])
        ids = [i for i in ids if table.rows[i]["pipeline_id"] in pipelines]
    return ids


def _span(wanted: Any) -> tuple[float, float]:
    """`filter[created_at]`: a moment to begin with, or from and to."""
    asked = wanted.get("created_at") if isinstance(wanted, Mapping) else None
    if isinstance(asked, Mapping):
        return _moment(asked.get("from"), 0), _moment(asked.get("to"), float("inf"))
    return _moment(asked, 0), float("inf")


def _moment(text: Any, default: float) -> float:
    return int(text) if isinstance(text, str) and text.isdecimal() else default


def _waiting(call: Call) -> int:
    row_id = incoming.waiting(call.portal, call.at["uid"])
    if row_id is None:
        raise Problem(404, "Unsorted not found")
    return row_id


def _object(call: Call) -> Mapping[str, Any]:
    if call.body in (None, []):
        return {}
    if not isinstance(call.body, Mapping):
        raise _refusal(Wrong("InvalidType", "", "This value should be of type object."))
    return call.body


def _user(call: Call, sent: Mapping[str, Any]) -> int:
    wanted = sent.get("user_id")
    if wanted is None:
        return call.user_id
    if not isinstance(wanted, int) or call.store["user"].get(wanted) is None:
        raise _refusal(no_choice("user_id"))
    return wanted


def _place(portal: FakePortal, pipeline_id: int, status_id: Any) -> tuple[int, int]:
    """Pipeline and status of an accepted lead; the status may be one of another pipeline, but for 142 and 143."""
    if status_id is None:
        return pipeline_id, stages.first(portal, pipeline_id)
    if stages.may_hold(portal, pipeline_id, status_id):
        return pipeline_id, int(status_id)
    others = (i for i in portal.store["pipeline"].ids() if stages.may_hold(portal, i, status_id))
    found = next(others, None)
    if found is None:
        raise _refusal(no_choice("status_id"))
    return found, int(status_id)


def _card(portal: FakePortal, entity: str, card_id: Any, path: str) -> int:
    row = portal.store[entity].get(card_id) if isinstance(card_id, int) else None
    if row is None or row.get("state"):
        raise _refusal(no_choice(path))
    return int(card_id)


def _refusal(wrong: Wrong) -> Problem:
    return invalid([{"errors": [wrong.told()]}])
