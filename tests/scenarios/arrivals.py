"""The generated company on either vendor, and how inquiries reach it: by its site, its mailboxes, its phone lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

import httpx

from b24kit.crm.cards import Lead
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.writes import Create, Write
from b24kit.playbook.deciding import decider
from b24kit.playbook.loader import parse_playbook
from b24kit.robots.store import Event
from b24kit.robots.sweep import sweep
from b24kit.robots.turns import StoredTurns
from b24kit.sandbox.amocrm import incoming
from b24kit.sandbox.amocrm.opening import incoming_status, main_pipeline
from tests.robots.office import Office

COMPANY = {"kind": "company", "leads": 30, "seed": 7}


@dataclass
class Company:
    """An office with people; `ids` are its employees by name."""

    office: Office
    book: str
    ids: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.ids = {user.name: user.id for user in self.office.portal.users()}

    @property
    def amo(self) -> bool:
        return self.office.vendor == "amocrm"

    def lead(self, title: str, *, phone: str = "", email: str = "", fields: Mapping[str, Any] | None = None) -> Ref:
        """A lead with a client nobody bound it to; on amoCRM with a contact of its own, as inquiries come there."""
        if self.amo:
            return self._amo_lead(title, phone, email, fields or {})
        points = [{"kind": "phone", "value": phone, "use": "work"}] if phone else []
        points += [{"kind": "email", "value": email, "use": "work"}] if email else []
        made = {"title": title, "stage": "NEW", "source": "OTHER", "points": points, "extra": dict(fields or {})}
        return Ref(Kind.LEAD, self._made(Kind.LEAD, made))

    def form(self, name: str, *, phone: str) -> Ref:
        """A form of the site; on amoCRM it waits in the unsorted."""
        if self.amo:
            told: dict[str, Any] = {
                "form_id": "form-1",
                "form_name": name,
                "form_page": "https://x.example",
                "ip": "127.0.0.1",
            }
            told |= {"form_sent_at": int(self.office.clock.now().timestamp()), "referer": ""}
            person = [{"name": "Гость", "custom_fields_values": _points(phone, "")}]
            item = {"source_uid": "site-1", "source_name": "Сайт", "metadata": told}
            body = [item | {"_embedded": {"leads": [{"name": "Заявка с сайта"}], "contacts": person}}]
            (row,) = self._post("/leads/unsorted/forms", body)["_embedded"]["unsorted"]
            return Ref(Kind.LEAD, str(row["_embedded"]["leads"][0]["id"]))
        lead = self.lead("Заявка с сайта", phone=phone)
        self._activity(lead, {"PROVIDER_ID": "CRM_WEBFORM", "TYPE_ID": 6, "SUBJECT": name})
        return lead

    def letter(self, sender: str, subject: str, mailbox: str) -> Ref:
        """A letter that the mailbox made a lead of; on amoCRM it waits in the unsorted."""
        if self.amo:
            return self._waiting("mail", {"from": {"email": sender, "name": "Гость"}, "subject": subject}, mailbox)
        lead = self.lead("Письмо", email=sender)
        letter = {"sender": sender, "to": mailbox, "mailbox": mailbox}
        values = {"card": str(lead), "channel": "email", "direction": "in", "subject": subject, "letter": letter}
        self._made(Kind.ACTIVITY, {**values, "address": sender})
        return lead

    def call(self, phone: str, line: str) -> Ref:
        """A call that came in over a line; on amoCRM it waits in the unsorted."""
        if self.amo:
            told = {"from": phone, "phone": phone, "called_at": int(self.office.clock.now().timestamp())}
            told |= {"duration": 40, "link": "https://x.example/1", "service_code": "pbx"}
            return self._waiting("sip", told, line)
        lead = self.lead("Звонок", phone=phone)
        settings = {"PORTAL_NUMBER": line}
        self._activity(lead, {"TYPE_ID": 2, "SUBJECT": "Входящий звонок", "SETTINGS": settings, "COMPLETED": "Y"})
        return lead

    def source(self, lead: Ref, code: str) -> None:
        """What the portal's own telephony or mail writes into a lead; on amoCRM the way it came tells it."""
        if not self.amo:
            self.office.box.site.portal.store["lead"].change(int(lead.id), {"SOURCE_ID": code})

    def field(self, code: str, label: str) -> None:
        """A field of leads that somebody adds."""
        self._made(Kind.FIELD, {"card_kind": "lead", "code": code, "label": label, "type": "text"})

    def contact(self, name: str, owner: str, *, phone: str = "", email: str = "") -> Ref:
        """A client known for a while."""
        points = [{"kind": "phone", "value": phone, "use": "work"}] if phone else []
        points += [{"kind": "email", "value": email, "use": "work"}] if email else []
        made = {"name": {"first": name, "last": "", "middle": ""}, "owner": self.ids[owner], "points": points}
        found = Ref(Kind.CONTACT, self._made(Kind.CONTACT, made))
        self.office.control.advance(3600)
        return found

    def work(self, *leads: Ref, book: str | None = None) -> dict[Ref, Lead]:
        """A sweep and everything that is due, a few times: what waits in the unsorted takes two looks."""
        office = self.office
        rules = decider(parse_playbook(book or self.book, "walk.yaml"), office.portal, office.clock, self.turns)
        office.store.put("p", [Event(lead, "added") for lead in leads], office.clock.now())
        sweep(office.portal, office.store, "p", office.clock, away=rules.away)
        office.worker(rules=rules).drain()
        return {lead: cast(Lead, card) for lead, card in office.portal.read(leads).items()}

    @property
    def turns(self) -> StoredTurns:
        return StoredTurns(self.office.store, "p")

    def owner(self, lead: Ref, book: str | None = None) -> str:
        """Who has it after the robots' work, by name."""
        self.work(lead, book=book)
        return self.owner_now(lead)

    def owner_now(self, lead: Ref) -> str:
        """Who has it as it stands, by name."""
        card = cast(Lead, self.office.portal.read([lead])[lead])
        return next((name for name, number in self.ids.items() if number == card.owner), str(card.owner))

    def said(self, card: Ref) -> str:
        """The comments on a card."""
        if self.amo:
            owners = [row for row in self.office.rows("note").values() if row["note_type"] == "common"]
            entity = "contacts" if card.kind is Kind.CONTACT else "leads"
            mine = [row for row in owners if (row["entity"], str(row["entity_id"])) == (entity, card.id)]
            return "\n".join(str(row["params"]["text"]) for row in mine)
        kind = {Kind.LEAD: 1, Kind.DEAL: 2, Kind.CONTACT: 3}[card.kind]
        bound = {
            row["COMMENT_ID"]
            for row in self.office.rows("comment_binding").values()
            if row["OWNER"] == f"{kind}:{card.id}"
        }
        texts = self.office.rows("comment")
        return "\n".join(str(texts[int(number)]["COMMENT"]) for number in bound)

    def now(self) -> datetime:
        return self.office.clock.now()

    def _made(self, kind: Kind, values: Mapping[str, Any]) -> str:
        writes: list[Write] = [Create(f"made-{next(self.office.names)}", kind, values, quiet=kind is Kind.LEAD)]
        (result,) = self.office.portal.perform(writes, lambda _: None)
        assert result.new_id is not None, result
        return result.new_id

    def _activity(self, lead: Ref, fields: Mapping[str, Any]) -> None:
        """What only telephony and forms of the portal itself make."""
        at = self.now().isoformat(timespec="seconds")
        portal = self.office.box.site.portal
        row = {"OWNER_TYPE_ID": 1, "OWNER_ID": int(lead.id), "OWNER": f"1:{lead.id}", "DIRECTION": 1, "CREATED": at}
        row |= {"START_TIME": at, "LAST_UPDATED": at, "RESPONSIBLE_ID": 1, "PROVIDER_ID": "", "PROVIDER_TYPE_ID": ""}
        found = portal.store["activity"].add(row | dict(fields))
        portal.store["binding"].add({"ACTIVITY_ID": found, "OWNER": f"1:{lead.id}"})

    def _amo_lead(self, title: str, phone: str, email: str, fields: Mapping[str, Any]) -> Ref:
        values = [{"field_code": code, "values": [{"value": value}]} for code, value in fields.items()]
        person = {"first_name": "Гость", "custom_fields_values": _points(phone, email)}
        lead: dict[str, Any] = {"name": title, "_embedded": {"contacts": [person]}}
        (row,) = self._post("/leads/complex", [lead | ({"custom_fields_values": values} if values else {})])
        return Ref(Kind.LEAD, str(row["id"]))

    def _waiting(self, category: str, told: Mapping[str, Any], source: str) -> Ref:
        """A lead in the unsorted with the fresh contact that the vendor's own channels make."""
        portal = self.office.box.site.portal
        pipeline = main_pipeline(portal)
        now = int(self.now().timestamp())
        made: dict[str, Any] = {"responsible_user_id": 1, "created_by": 0, "updated_by": 0, "created_at": now}
        made |= {"updated_at": now, "state": "", "custom_fields": {}, "tags": []}
        place = {"pipeline_id": pipeline, "status_id": incoming_status(portal, pipeline)}
        lead = portal.store["leads"].add(made | place | {"name": "Заявка"})
        sender = told["from"]["email"] if category == "mail" else ""
        points = self._amo_fields("contacts", {"PHONE": str(told.get("phone") or ""), "EMAIL": sender})
        contact = portal.store["contacts"].add(made | {"name": "Гость", "custom_fields": points})
        incoming.enter(portal, category, lead, told, contact_id=contact, source_name=source)
        return Ref(Kind.LEAD, str(lead))

    def _amo_fields(self, entity: str, values: Mapping[str, str]) -> dict[str, Any]:
        """Values as the account's tables keep them, by the field's number."""
        rows = self.office.rows("custom_field")
        ids = {row.get("code"): number for number, row in rows.items() if row["entity"] == entity}
        return {str(ids[code]): [{"value": value}] for code, value in values.items() if value}

    def _post(self, path: str, body: Sequence[Mapping[str, Any]]) -> Any:
        headers = {"Authorization": f"Bearer {self.office.box.token}"}
        answer = httpx.post(f"{self.office.box.url}/api/v4{path}", json=body, headers=headers)
        answer.raise_for_status()
        return answer.json()


def _points(phone: str, email: str) -> list[dict[str, Any]]:
    told = (("PHONE", phone), ("EMAIL", email))
    return [{"field_code": code, "values": [{"value": value, "enum_code": "WORK"}]} for code, value in told if value]
