"""The events that a fake portal can tell of, and which change of which row is which event.

Rests on the vendor's pages of events of leads, contacts, companies, deals, activities, timeline comments and tasks.
There is no event "stage changed" or "assigned": an update is all that a handler hears.
"""

from __future__ import annotations

from b24kit.sandbox.store import Trace

_ENTITIES = {
    "lead": "CRMLEAD",
    "contact": "CRMCONTACT",
    "company": "CRMCOMPANY",
    "deal": "CRMDEAL",
    "activity": "CRMACTIVITY",
    "comment": "CRMTIMELINECOMMENT",
    "task": "TASK",
}
_ACTIONS = {"add": "ADD", "update": "UPDATE", "delete": "DELETE"}
_OWN = ("ONAPPINSTALL", "ONAPPUNINSTALL", "ONAPPUPDATE", "ONAPPTEST", "ONOFFLINEEVENT", "ONUSERADD")
ROBOT_RUN, EVENT_TEST = "robot_run", "event_test"  # rows that are told of in their own way
WATCHED = (*_ENTITIES, "user", ROBOT_RUN, EVENT_TEST)
EVENTS = frozenset(f"ON{entity}{action}" for entity in _ENTITIES.values() for action in _ACTIONS.values()) | {*_OWN}
SCOPES = {"ONTASK": "task", "ONUSER": "user", "ONCRM": "crm"}

# A new activity moves these columns of its card, which is no change of the card to anybody.
_QUIET = frozenset({"LAST_ACTIVITY_TIME", "LAST_ACTIVITY_BY"})


def event_of(trace: Trace) -> str | None:
    """The event of a change, None when the portal tells nobody."""
    if trace.table in (ROBOT_RUN, EVENT_TEST):
        return None
    if trace.table == "user":
        return "ONUSERADD" if trace.action == "add" else None
    if trace.action == "update" and trace.columns <= _QUIET:
        return None
    return f"ON{_ENTITIES[trace.table]}{_ACTIONS[trace.action]}"


def scope_of(event: str) -> str | None:
    """The scope that hearing this event needs; None for the application's own."""
    return next((scope for start, scope in SCOPES.items() if event.startswith(start)), None)
