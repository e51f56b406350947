"""The tables of a fake amoCRM account, in one place: what is stored, under which columns, and what is indexed.

Columns carry the vendor's names; times are unix seconds, ids numbers. How a row looks on the wire is each module's
own business. A column that nobody set is absent.
"""

from __future__ import annotations

from b24kit.sandbox.store import Table


def owner_key(entity: str, row_id: int) -> str:
    """One indexed column instead of two: `leads:42`."""
    return f"{entity}:{row_id}"


def tables() -> list[Table]:
    """Fresh empty tables, in the order they are dumped."""
    return [
        Table("user"),
        Table("group"),
        Table("role"),
        Table("pipeline"),
        Table("hint"),  # only deals out ids
        # One row a status of a pipeline; `status_id` is the row's own id but for 142 and 143, which every pipeline has.
        Table("status", ["pipeline_id"]),
        Table("loss_reason"),
        Table("source"),
        Table("custom_field", ["entity"]),
        Table("field_group", ["entity"]),
        Table("enum"),  # only deals out ids; the enums themselves stand in their field
        Table("tag", ["entity"]),
        # `state` of a card is "" (seen), "deleted" (in the bin) or "unsorted" (hidden until its incoming lead is
        # accepted; a lead in unsorted is seen and keeps ""). `custom_fields` is {field id: [value, ...]}.
        Table("leads", ["pipeline_id", "status_id", "responsible_user_id", "state"]),
        Table("contacts", ["responsible_user_id", "state"]),
        Table("companies", ["responsible_user_id", "state"]),
        # One row a link, from the greater to the lesser: lead -> contact, lead -> company, contact -> company.
        Table("link", ["from", "to"]),
        Table("task", ["owner"]),
        Table("note", ["owner", "entity"]),
        Table("event", ["owner"]),
        Table("unsorted", ["uid", "lead_id", "category"]),
        Table("webhook", ["destination"]),
        Table("code", ["code"]),
        Table("token", ["access", "refresh"]),
    ]
