"""crm.item.details.configuration.get, set, reset, forceCommonScopeForAll and their older sisters of single kinds.

A view is kept for one person ("P") or for everybody ("C"), for leads of new and of known clients apart, and for each
pipeline of deals. Where nobody has arranged one the answer is null. Everybody may read what is for all; writing it, and
whatever touches others, is for administrators.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from b24kit.sandbox.bitrix24.registry import Answer, Call, Fault, Handler, method
from b24kit.sandbox.bitrix24.rights import require_crm_admin
from b24kit.sandbox.bitrix24.tables import CARD_TABLES, COMPANY, CONTACT, DEAL, LEAD
from b24kit.sandbox.bitrix24.values import whole
from b24kit.sandbox.store import Row, Table

_FOR_ALL, _PERSONAL = "C", "P"
_SIMPLE = 1  # leadCustomerType when none is given
_OWN_METHODS = {LEAD: "lead", DEAL: "deal", CONTACT: "contact", COMPANY: "company"}


def get(call: Call, type_id: int) -> Answer:
    """The sections as they were set, flags as text; null where there are none."""
    found = _find(_table(call), _key(call, type_id, _readable_scope(call)))
    return Answer(None if found is None else [_shown(section) for section in found[1]["SECTIONS"]])


def set_(call: Call, type_id: int) -> Answer:
    """The whole view is replaced by `data`."""
    scope = _writable_scope(call)
    sections = _checked(call.param("data"))
    table, key = _table(call), _key(call, type_id, scope)
    found = _find(table, key)
    if found is None:
        table.add({"KEY": key, "SECTIONS": sections})
    else:
        table.change(found[0], {"SECTIONS": sections})
    return Answer(True)


def reset(call: Call, type_id: int) -> Answer:
    """Back to the vendor's own arrangement."""
    scope = _writable_scope(call)
    found = _find(_table(call), _key(call, type_id, scope))
    if found is not None:
        _table(call).remove(found[0])
    return Answer(True)


def force(call: Call, type_id: int) -> Answer:
    """What single people have arranged is gone."""
    require_crm_admin(call)
    place = _place(call, type_id)
    for number, row in list(_table(call)):
        if str(row["KEY"]).startswith(_PERSONAL) and str(row["KEY"]).endswith(f"|{place}"):
            _table(call).remove(number)
    return Answer(True)


_STEPS = {"get": get, "set": set_, "reset": reset, "forceCommonScopeForAll": force}


def _register() -> None:
    for word, step in _STEPS.items():
        method(f"crm.item.details.configuration.{word}")(_handler(step, None))
        for type_id, name in _OWN_METHODS.items():
            method(f"crm.{name}.details.configuration.{word}")(_handler(step, type_id))


def _handler(step: Callable[[Call, int], Answer], type_id: int | None) -> Handler:
    def handle(call: Call) -> Answer:
        return step(call, _type_id(call) if type_id is None else type_id)

    return handle


def _type_id(call: Call) -> int:
    asked = call.param("entityTypeId")
    if asked in (None, ""):
        raise Fault("", "Parameter 'entityTypeId' is not defined")
    if whole(asked) not in CARD_TABLES:
        raise Fault("", f"The entity type '{asked}' is not supported in current context.")
    return whole(asked)


def _readable_scope(call: Call) -> str:
    scope = _scope(call)
    if scope == _PERSONAL and _user(call) != call.user_id:
        require_crm_admin(call)
    return scope


def _writable_scope(call: Call) -> str:
    if _scope(call) == _FOR_ALL:
        require_crm_admin(call)
    return _readable_scope(call)


def _scope(call: Call) -> str:
    return _FOR_ALL if str(call.param("scope", default="")).upper() == _FOR_ALL else _PERSONAL


def _user(call: Call) -> int:
    return whole(call.param("userId", default=0)) or call.user_id


def _key(call: Call, type_id: int, scope: str) -> str:
    whose = _FOR_ALL if scope == _FOR_ALL else f"{_PERSONAL}{_user(call)}"
    return f"{whose}|{_place(call, type_id)}"


def _place(call: Call, type_id: int) -> str:
    given = call.param("extras", default={})
    extras = given if isinstance(given, Mapping) else {}
    if type_id == LEAD:
        return f"{type_id}|{whole(extras.get('leadCustomerType', 0)) or _SIMPLE}"
    return f"{type_id}|{whole(extras.get('dealCategoryId', 0)) if type_id == DEAL else 0}"


def _table(call: Call) -> Table:
    return call.portal.store["card_view"]


def _find(table: Table, key: str) -> tuple[int, Row] | None:
    return next(((number, row) for number, row in table if row["KEY"] == key), None)


def _checked(data: Any) -> list[Row]:
    if not isinstance(data, list | Mapping):
        raise Fault("", "Parameter 'data' must be an array.")
    if isinstance(data, Mapping) and list(map(str, data)) != [str(place) for place in range(len(data))]:
        raise Fault("", "The data must be an indexed array.")
    given = list(data.values()) if isinstance(data, Mapping) else data
    if not given:
        raise Fault("", "There are no data to write.")
    return [_section(place, section if isinstance(section, Mapping) else {}) for place, section in enumerate(given)]


def _section(place: int, sent: Mapping[str, Any]) -> Row:
    if sent.get("type") != "section":
        raise Fault("", f"Section at index {place} has type {sent.get('type') or ''}. The expected type is 'section'.")
    for name in ("name", "title"):
        if not sent.get(name):
            raise Fault("", f"Section at index {place} does not have {name}.")
    elements = list(_elements(place, sent.get("elements")))
    return {"name": str(sent["name"]), "title": str(sent["title"]), "type": "section", "elements": elements}


def _elements(place: int, sent: Any) -> Iterator[Row]:
    given = list(sent.values()) if isinstance(sent, Mapping) else sent if isinstance(sent, list) else []
    for number, one in enumerate(given):
        if not isinstance(one, Mapping) or not one.get("name"):
            raise Fault("", f"Element at index {number} in section at index {place} does not have name.")
        options = {"options": dict(one["options"])} if isinstance(one.get("options"), Mapping) else {}
        yield {"name": str(one["name"]), "optionFlags": whole(one.get("optionFlags", 0))} | options


def _shown(section: Row) -> Row:
    return section | {"elements": [one | {"optionFlags": str(one["optionFlags"])} for one in section["elements"]]}


_register()
