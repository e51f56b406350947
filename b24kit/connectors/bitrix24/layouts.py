"""Views of cards: crm.item.details.configuration.get and .set, in the scope of all people and no other.

A portal answers null where nobody has arranged the view for all: what people see then is the vendor's own arrangement,
which no method tells, so such a view cannot be added to and counts as not there. `.reset` and
`.forceCommonScopeForAll` take away what people have arranged: they are never called.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from b24kit.connectors.bitrix24.asking import answers
from b24kit.connectors.bitrix24.client import RestClient
from b24kit.connectors.bitrix24.methods import OWNER_TYPES
from b24kit.connectors.bitrix24.wirevalues import filled, mapping, number, rows_of, text, wire_id
from b24kit.connectors.commands import Command
from b24kit.crm.layout import REPEAT, SIMPLE, Layout
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.writes import Change
from b24kit.errors import UsageError

GET, SET = "crm.item.details.configuration.get", "crm.item.details.configuration.set"
_FOR_ALL = "C"
_CUSTOMERS = {SIMPLE: 1, REPEAT: 2}  # extras.leadCustomerType


def read_layouts(client: RestClient, refs: Sequence[Ref]) -> dict[Ref, Layout]:
    """The views by reference; absent are those that nobody has arranged for all."""
    told = answers(client, [Command(ref.id, GET, _place(ref)) for ref in refs])
    found = {ref: _sections(told[ref.id]) for ref in refs}
    return {ref: Layout(id=ref.id, sections=sections) for ref, sections in found.items() if sections}


def changed_layout(write: Change) -> tuple[str, dict[str, Any]]:
    """The call that writes a view: what stands there as it was just read, with the sections of this write.

    UsageError for another field than `sections`, and without a reading: the method replaces the whole view.
    """
    if set(write.values) != {"sections"}:
        raise UsageError("field_not_writable", kind=Kind.LAYOUT.value, field=sorted(write.values)[0])
    present = write.before.get("sections")
    if not present:
        raise UsageError("layout_not_read", key=write.key)
    wanted = {**present, **write.values["sections"]}
    return SET, _place(write.ref) | {"data": [_sent(name, one) for name, one in wanted.items() if one is not None]}


def _place(ref: Ref) -> dict[str, Any]:
    kind, _, part = ref.id.partition("/")
    extras = {"leadCustomerType": _CUSTOMERS[part]} if kind == Kind.LEAD.value else {"dealCategoryId": wire_id(part)}
    return {"entityTypeId": OWNER_TYPES[Kind(kind)], "scope": _FOR_ALL, "extras": extras}


def _sections(result: Any) -> dict[str, dict[str, Any]]:
    """Sections by their names, which the vendor calls unique; where they are not, or where there is anything that the
    vendor's page does not know, nothing is touched."""
    rows = rows_of(result)
    found = {text(row.get("name")): _section(row) for row in rows}
    known = all(row.get("type") == "section" for row in rows)
    return found if known and len(found) == len(rows) and "" not in found else {}


def _section(row: Mapping[str, Any]) -> dict[str, Any]:
    kept = {str(name): value for name, value in row.items() if name not in ("name", "elements")}
    return kept | {"elements": [_element(one) for one in rows_of(row.get("elements"))]}


def _element(row: Mapping[str, Any]) -> dict[str, Any]:
    """One field of a section. Flags come as text or as numbers, no options as `[]`."""
    kept = {str(name): value for name, value in row.items() if name != "options"}
    options = {"options": mapping(row.get("options"))} if filled(row.get("options")) else {}
    return kept | {"optionFlags": str(number(row.get("optionFlags")))} | options


def _sent(name: str, section: Mapping[str, Any]) -> dict[str, Any]:
    elements = [{**one, "optionFlags": number(one.get("optionFlags"))} for one in section.get("elements") or ()]
    return {"name": name, **section, "elements": elements}
