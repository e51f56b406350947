"""Rows as the tables of a fake amoCRM account keep them: what every card of the seeds is written with."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from b24kit.sandbox.amocrm import tags
from b24kit.sandbox.amocrm.registry import FakePortal
from b24kit.sandbox.amocrm.tables import owner_key
from b24kit.sandbox.seeds.amocrm_walls import Walls
from b24kit.sandbox.store import Row


@dataclass(slots=True)
class Pen:
    """One account with its walls; remembers the tags that it wrote."""

    portal: FakePortal
    walls: Walls
    _tags: dict[tuple[str, str], int] = field(default_factory=dict)

    def card(self, name: str, owner: int, moment: int) -> Row:
        """What all cards have in common."""
        made: Row = {"name": name, "responsible_user_id": owner, "created_by": owner, "updated_by": owner}
        return made | {"created_at": moment, "updated_at": moment, "state": "", "custom_fields": {}, "tags": []}

    def begun(self, lead_id: int, since: tuple[int, int] | None = None) -> None:
        """The journal's word that a lead was made, and that it went on from another (pipeline, status)."""
        row = self.portal.store["leads"].rows[lead_id]
        event: Row = {"entity": "lead", "entity_id": lead_id, "owner": owner_key("leads", lead_id)}
        event |= {"created_by": row["created_by"], "created_at": row["created_at"], "before": [], "after": []}
        self.portal.store["event"].add(event | {"type": "lead_added"})
        if since is not None:
            before, after = since, (row["pipeline_id"], row["status_id"])
            sides = [[{"lead_status": {"id": status, "pipeline_id": pipeline}}] for pipeline, status in (before, after)]
            moved = {"type": "lead_status_changed", "before": sides[0], "after": sides[1]}
            self.portal.store["event"].add(event | moved | {"created_by": row["responsible_user_id"]})

    def values(self, entity: str, points: dict[str, list[str]], kind: str = "WORK") -> dict[str, list[Row]]:
        """Values of predefined fields as the tables keep them; phones of `kind`, all other points WORK."""
        found: dict[str, list[Row]] = {}
        for code, texts in points.items():
            field_id = self.walls.fields[entity, code]
            enum = self.walls.enums.get((field_id, kind if code == "PHONE" else "OTHER" if code == "IM" else "WORK"))
            rows = [{"value": text} | ({} if enum is None else {"enum_id": enum}) for text in texts if text]
            if rows:
                found[str(field_id)] = rows
        return found

    def tag(self, entity: str, name: str) -> int:
        """The id of a tag."""
        if (entity, name) not in self._tags:
            self._tags[entity, name] = tags.tag_of(self.portal, entity, name)
        return self._tags[entity, name]


def unix(moment: str) -> int:
    """A moment of the generator in whole seconds."""
    return int(datetime.fromisoformat(moment).timestamp())
