"""The REST methods that b24kit calls on Bitrix24: what each does, how its lists are paged, and where its new id stands.

Transport, pacing and prices read this table; a method that is not in it is never called. `seconds` is a guess of the
portal's work for one call, used for a price before anything was measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from b24kit.crm.refs import Kind

PageStyle = Literal["classic", "item", "whole"]

IMPORT_SIZE = 20  # crm.item.batchImport: "a maximum of 20 entities can be imported in a single request"
PAGE_SIZE = 50
BATCH_SIZE = 50

# crm.enum.ownertype: the numbers of card kinds in activities, bindings and universal methods.
OWNER_TYPES = {Kind.LEAD: 1, Kind.DEAL: 2, Kind.CONTACT: 3, Kind.COMPANY: 4}
OWNER_KINDS = {number: kind for kind, number in OWNER_TYPES.items()}


@dataclass(frozen=True, slots=True)
class Method:
    """One REST method. `repeatable`: doing it twice leaves the portal as doing it once."""

    name: str
    writes: bool = False
    repeatable: bool = True
    page: PageStyle | None = None  # None: the answer is one thing, not a list
    scope: str = "crm"  # "" needs none
    seconds: float = 0.02
    id_path: tuple[str, ...] | None = None  # where the id of what was made stands; () is the result itself


def _read(name: str, page: PageStyle | None = None, scope: str = "crm", seconds: float = 0.02) -> Method:
    return Method(name, page=page, scope=scope, seconds=seconds)


def _make(name: str, *id_path: str, scope: str = "crm", seconds: float = 0.1) -> Method:
    return Method(name, writes=True, repeatable=False, scope=scope, seconds=seconds, id_path=id_path)


def _write(name: str, scope: str = "crm", seconds: float = 0.05) -> Method:
    return Method(name, writes=True, scope=scope, seconds=seconds)


_CARDS = ("lead", "contact", "company", "deal")
_ALL = (
    _read("profile", scope=""),
    _read("scope", scope=""),
    _read("server.time", scope=""),
    _read("crm.settings.mode.get"),
    _read("user.get", "classic", scope="user"),
    _read("department.get", "classic", scope="department"),
    _read("calendar.accessibility.get", scope="calendar"),
    *(_read(f"crm.{card}.list", "classic", seconds=0.04) for card in _CARDS),
    *(_write(f"crm.{card}.update", seconds=0.05) for card in _CARDS),
    *(_write(f"crm.{card}.delete", seconds=0.15) for card in _CARDS),
    *(_read(f"crm.{card}.userfield.list", "whole") for card in _CARDS),
    *(_make(f"crm.{card}.userfield.add", seconds=0.3) for card in _CARDS),
    *(_write(f"crm.{card}.userfield.delete", seconds=0.3) for card in _CARDS),
    # Twenty new cards at a time; the vendor's own sample of two took 2.4 s, live portals are nearer to 0.05 s a card.
    Method("crm.item.batchImport", writes=True, repeatable=False, seconds=1.0),
    _make("crm.item.add", "item", "id", seconds=0.3),
    _write("crm.item.update", seconds=0.15),
    # A second asking finds the swallowed cards gone and answers ERROR: it must be looked at, never repeated.
    Method("crm.entity.mergeBatch", writes=True, repeatable=False, seconds=0.5),
    _read("crm.status.list", "whole"),
    _make("crm.status.add"),
    _write("crm.status.update"),
    _write("crm.status.delete"),
    _read("crm.category.list", "whole"),
    _make("crm.category.add", "category", "id", seconds=0.3),
    _write("crm.category.update"),
    _write("crm.category.delete"),
    _read("crm.activity.list", "classic", seconds=0.04),
    _write("crm.activity.update"),
    _write("crm.activity.delete", seconds=0.1),
    _read("crm.activity.binding.list", "whole", seconds=0.01),
    _write("crm.activity.binding.add", seconds=0.03),
    _write("crm.activity.binding.delete", seconds=0.03),
    _make("crm.activity.todo.add", "id"),
    # An e-mail that is outgoing and done is really sent by it: calls_create never makes that form.
    _make("crm.activity.add", seconds=0.2),
    _make("crm.timeline.comment.add", seconds=0.1),
    _write("crm.timeline.bindings.bind", seconds=0.03),
    _write("crm.timeline.bindings.unbind", seconds=0.03),
    _read("crm.timeline.bindings.list", "classic"),
    _read("crm.timeline.comment.get"),
    _make("crm.item.productrow.add", "productRow", "id"),
    _read("crm.item.productrow.list", "item"),
    _write("crm.item.productrow.delete"),
    _read("crm.item.list", "item", seconds=0.04),
    _read("crm.stagehistory.list", "item"),
    _read("crm.requisite.list", "classic"),
    _read("crm.requisite.bankdetail.list", "classic"),
    _read("crm.address.list", "whole"),
    _read("disk.file.get", scope="disk"),
    _read("crm.timeline.comment.list", "classic"),
    _write("crm.timeline.comment.delete"),
    _make("tasks.task.add", "task", "id", scope="task", seconds=0.3),
    _read("tasks.task.list", "item", scope="task"),
    _write("tasks.task.delete", scope="task", seconds=0.2),
    _read("crm.duplicate.findbycomm", "whole", seconds=0.02),
    _read("crm.stagehistory.list", "item", seconds=0.03),
    _read("bizproc.workflow.instances", "classic", scope="bizproc"),
    _read("crm.item.details.configuration.get"),
    _write("crm.item.details.configuration.set"),
    _read("event.get", "whole", scope=""),
    _read("feature.get", scope=""),
    _write("event.bind", scope=""),
    _write("event.unbind", scope=""),
    # It reserves what it gives: no question that may be asked twice.
    Method("event.offline.get", writes=True, repeatable=False, scope=""),
    _write("event.offline.clear", scope=""),
    _read("bizproc.robot.list", "whole", scope="bizproc"),
    Method("bizproc.robot.add", writes=True, repeatable=False, scope="bizproc", seconds=0.1),
    _write("bizproc.robot.delete", scope="bizproc"),
    _read("crm.automation.trigger.list", "whole"),
    Method("crm.automation.trigger.add", writes=True, repeatable=False, seconds=0.1),
    _write("crm.automation.trigger.delete", seconds=1.0),
    _make("im.notify.system.add", scope="im"),
    _write("im.notify.delete", scope="im"),
)
METHODS: dict[str, Method] = {method.name: method for method in _ALL}

LISTS = {
    Kind.LEAD: "crm.lead.list",
    Kind.CONTACT: "crm.contact.list",
    Kind.COMPANY: "crm.company.list",
    Kind.DEAL: "crm.deal.list",
    Kind.ACTIVITY: "crm.activity.list",
    Kind.STAGE: "crm.status.list",
    Kind.SOURCE: "crm.status.list",
    Kind.PIPELINE: "crm.category.list",
    Kind.USER: "user.get",
    Kind.TEAM: "department.get",
    Kind.SUBSCRIPTION: "event.get",
    Kind.LAYOUT: "crm.item.details.configuration.get",
}


def is_read(name: str) -> bool:
    """Whether a method only looks; a method unknown to the table counts as a write."""
    method = METHODS.get(name)
    return method is not None and not method.writes


def new_id(name: str, result: object) -> str | None:
    """The id of what a creating method made, as text; None where its answer holds none."""
    found: object = result
    for part in METHODS[name].id_path or ():
        found = found.get(part) if isinstance(found, dict) else None
    if isinstance(found, bool) or not isinstance(found, int | str) or not str(found).isdigit() or int(found) == 0:
        return None
    return str(found)


# Last words of methods that only look; what is not here counts as a write and is never repeated blindly.
READING_WORDS = frozenset(
    (
        *("list", "get", "fields", "types", "current", "search", "profile", "scope", "methods", "time"),
        *("findbycomm", "admin", "settings", "info", "items", "counts"),
    )
)


def is_reading(method: str) -> bool:
    """Whether a method only looks, by its last word: `crm.lead.list` does, `crm.lead.update` does not."""
    return method.lower().rsplit(".", 1)[-1] in READING_WORDS
