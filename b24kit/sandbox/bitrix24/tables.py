"""The tables of a fake Bitrix24 portal, in one place: what is stored, under which columns, and what is indexed.

Columns carry the vendor's classic UPPER_CASE names; values are native (int ids, "Y"/"N" switches, ISO 8601 UTC times,
decimal amounts as strings). How a row looks on the wire, classic or camelCase, is `wire.py`'s business.
"""

from __future__ import annotations

from b24kit.sandbox.store import Table

# Owner types of the vendor (crm.enum.ownertype): the numbers used in bindings, multifields and universal methods.
LEAD, DEAL, CONTACT, COMPANY = 1, 2, 3, 4
CARD_TABLES = {LEAD: "lead", DEAL: "deal", CONTACT: "contact", COMPANY: "company"}


def owner_key(type_id: int, entity_id: int) -> str:
    """One indexed column instead of two: `1:42` is lead 42."""
    return f"{type_id}:{entity_id}"


def tables() -> list[Table]:
    """Fresh empty tables, in the order they are dumped."""
    return [
        Table("user"),
        Table("department"),
        Table("status", ["ENTITY_ID"]),
        Table("category"),  # deal pipelines; id 0 is the general one
        Table("userfield", ["ENTITY_ID"]),
        Table("lead", ["STATUS_ID", "ORIGIN_ID", "CONTACT_ID", "COMPANY_ID", "ASSIGNED_BY_ID"]),
        # Further companies stand in COMPANY_IDS; MANY_COMPANIES marks the few contacts that have them.
        Table("contact", ["ORIGIN_ID", "COMPANY_ID", "ASSIGNED_BY_ID", "MANY_COMPANIES"]),
        Table("company", ["ORIGIN_ID", "ASSIGNED_BY_ID"]),
        Table("deal", ["STAGE_ID", "ORIGIN_ID", "CONTACT_ID", "COMPANY_ID", "ASSIGNED_BY_ID"]),
        # One row a value; ids are global over all cards. OWNER is owner_key, KEY is "EMAIL:ann@acme.example".
        Table("multifield", ["OWNER", "KEY"]),
        Table("activity", ["OWNER"]),  # OWNER is the owner_key of OWNER_TYPE_ID/OWNER_ID
        Table("binding", ["ACTIVITY_ID", "OWNER"]),  # one row an (activity, card) pair
        Table("comment", ["OWNER"]),
        Table("comment_binding", ["COMMENT_ID", "OWNER"]),
        Table("logmessage", ["OWNER"]),  # journal lines of applications in a card's timeline
        Table("note", ["PLACE"]),  # a remark under a timeline item; PLACE is "owner|kind|item"
        Table("productrow", ["OWNER"]),
        Table("stagehistory", ["OWNER"]),
        Table("file"),  # contents of files on letters and comments
        Table("task"),
        Table("notification", ["TAG"]),
        Table("mail"),  # letters that the portal really sent; a clean-up must leave this empty
        Table("workflow", ["OWNER"]),  # running workflow instances, made by robots on stages
        Table("workflow_template"),
        Table("requisite"),
        Table("bankdetail"),
        Table("address"),
        # What an application or a person has asked to be told: OFFLINE "Y" goes to a queue that is fetched.
        Table("handler", ["EVENT"]),
        Table("offline_event", ["KEY"]),
        Table("app_robot"),  # robots that an application registered; placing them on a stage is done by hand
        Table("robot_run"),  # an application's robot that a card has reached, and whether it waits for the answer
        Table("event_test"),
        Table("app_trigger"),
        Table("oauth_code", ["CODE"]),
        Table("oauth_token", ["ACCESS", "REFRESH"]),
        Table("calendar_event"),  # what people have in their calendars
        Table("card_view"),  # how people have arranged cards; KEY is "C|2|9": for all, deals, pipeline 9
        Table("volatile_type"),  # extra fields of the portal's own duplicate search
    ]
