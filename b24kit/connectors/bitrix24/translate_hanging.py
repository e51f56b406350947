"""What hangs on a card, row by row, into the items of a dossier. Pure.

Addresses of files carry the access in them (`auth=`) and are left behind: a file is known by its id alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from b24kit.connectors.bitrix24.translate_activities import to_activity
from b24kit.connectors.bitrix24.wirevalues import Row, filled, ident, mapping, moment, number, text
from b24kit.crm.dossier import Attachment
from b24kit.crm.records import values_of
from b24kit.crm.refs import Kind, Ref

_TASK_DONE = "5"
_ACCESS = re.compile(r"\bauth=[^&\s]*")
_ON_DISK = re.compile(r"/disk/downloadFile/(\d+)/")


def attachments_of(row: Row) -> Iterator[Attachment]:
    """The files of an activity (a list, ids alone) or of a comment (a map by id, with names and sizes)."""
    files = row.get("FILES")
    listed = files.values() if isinstance(files, Mapping) else files if isinstance(files, list) else ()
    for one in listed:
        if isinstance(one, Mapping) and ident(one.get("id")):
            size = number(one.get("size"), -1)
            # A comment numbers its files from one; the number on the disk stands in the address alone.
            on_disk = _ON_DISK.search(text(one.get("urlDownload")))
            found = on_disk[1] if on_disk else text(one["id"])
            yield Attachment(found, text(one.get("name")), None if size < 0 else size)


def activity_item(row: Row) -> dict[str, Any]:
    """An activity with its id, the address it went from or to, and its files."""
    record = to_activity({name: value for name, value in row.items() if name != "FILES"})
    values = values_of(record) if record is not None else {"subject": text(row.get("SUBJECT")), "channel": "other"}
    known = [mapping(one) for one in row.get("COMMUNICATIONS") or () if isinstance(one, Mapping)]
    address = text(known[0].get("VALUE")) if known else ""
    end = moment(row.get("END_TIME"))
    return {
        "id": text(row["ID"]),
        **values,
        "end": None if end is None else end.isoformat(),
        "address": address,
        "files": _named(row),
    }


def comment_item(row: Row) -> dict[str, Any]:
    """A comment of the timeline."""
    return {
        "id": text(row["ID"]),
        "text": text(row.get("COMMENT")),
        "author": ident(row.get("AUTHOR_ID")),
        "created": _iso(row.get("CREATED")),
        "files": _named(row),
    }


def task_item(row: Row) -> dict[str, Any]:
    """A task; `cards` are the vendor's names of the cards it is bound to."""
    return {
        "id": text(row["id"]),
        "title": text(row.get("title")),
        "text": text(row.get("description")),
        "owner": ident(row.get("responsibleId")),
        "author": ident(row.get("createdBy")),
        "created": _iso(row.get("createdDate")),
        "deadline": _iso(row.get("deadline")),
        "done": text(row.get("status")) == _TASK_DONE,
        "cards": [text(one) for one in row.get("ufCrmTask") or ()],
    }


def product_item(row: Row) -> dict[str, Any]:
    """A product row of crm.item.productrow.list."""
    return {
        "id": text(row["id"]),
        "name": text(row.get("productName")),
        "product": ident(row.get("productId")),
        **{ours: row.get(theirs) for ours, theirs in PRODUCT_FIELDS.items()},
    }


# Our words for what a product row may be given, and the vendor's (crm.item.productrow.add).
PRODUCT_FIELDS = {
    "price": "price",
    "quantity": "quantity",
    "discount_type": "discountTypeId",
    "discount_rate": "discountRate",
    "discount_sum": "discountSum",
    "tax_rate": "taxRate",
    "tax_included": "taxIncluded",
    "measure": "measureCode",
    "sort": "sort",
}


def move_item(row: Row) -> dict[str, Any]:
    """A row of the stage history."""
    stage = text(row.get("STATUS_ID") or row.get("STAGE_ID"))
    return {"id": text(row["ID"]), "stage": stage, "at": _iso(row.get("CREATED_TIME")), "kind": text(row["TYPE_ID"])}


def link_items(card: Ref, row: Row, values: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Contacts, companies and observers beyond those that the card itself names, and cards that speak of it."""
    if row.get("holder"):
        yield {"id": text(row["holder"])}
        return
    named = {Kind.CONTACT: row.get("contactIds"), Kind.COMPANY: row.get("companyIds")}
    for kind, ids in named.items():
        for found in ids or ():
            if card.kind is not kind and str(found) != values.get(kind.value):
                yield {"id": f"{kind.value}:{found}"}
    for user in row.get("observers") or ():
        yield {"id": f"observer:{user}"}


def without_access(value: Any) -> Any:
    """Values without what opens a portal: addresses of files in user fields carry a token (`auth=`)."""
    if isinstance(value, str):
        return _ACCESS.sub("auth=", value) if value.startswith(("https://", "http://", "/")) else value
    if isinstance(value, Mapping):
        return {name: without_access(item) for name, item in value.items()}
    return [without_access(item) for item in value] if isinstance(value, list | tuple) else value


def _named(row: Row) -> list[dict[str, Any]]:
    return [{"id": one.id, "name": one.name, "size": one.size} for one in attachments_of(row)]


def _iso(value: Any) -> str | None:
    found = moment(value) if filled(value) else None
    return None if found is None else found.isoformat()
