"""Who we are on an account, and what amoCRM's API is able to do at all."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from b24kit.connectors.amocrm.access import LongLived, claims
from b24kit.connectors.amocrm.account import WITH
from b24kit.connectors.amocrm.client import AmoClient, only
from b24kit.connectors.amocrm.methods import ENTITIES
from b24kit.connectors.amocrm.stage_design import LEVELS, ORDER_STEP
from b24kit.connectors.amocrm.wirevalues import mapping, text
from b24kit.crm.portal import Capabilities, Carries, PortalFacts
from b24kit.crm.refs import CARDS, Kind
from b24kit.errors import NotAllowed, NotFound

REQUIRED_SCOPES = frozenset(("crm",))

# "Pipelines and statuses": any other colour is refused. Statuses of old accounts may carry others.
PALETTE = (
    *("#fffeb2", "#fffd7f", "#fff000", "#ffeab2", "#ffdc7f", "#ffce5a", "#ffdbdb", "#ffc8c8", "#ff8f92", "#d6eaff"),
    *("#c1e0ff", "#98cbff", "#ebffb1", "#deff81", "#87f2c0", "#f9deff", "#f3beff", "#ccc8f9", "#eb93ff", "#f2f3f4"),
    "#e6e8ea",
)

CAPABILITIES = Capabilities(
    vendor="amocrm",
    has_leads=True,
    # Cards, tasks and notes have no address for removal; the private ones of the web pages are never used.
    deletes=frozenset({Kind.STAGE, Kind.PIPELINE, Kind.SOURCE, Kind.FIELD, Kind.LOSS_REASON, Kind.SUBSCRIPTION}),
    restores_stage_code=False,
    quiet_creation=frozenset(),
    merges=False,
    native_gates=True,  # required_statuses of a field
    own_stage_codes=False,
    renames_system_stages=True,
    stage_code_limit=0,
    colours=PALETTE,
    lacks={
        Kind.LEAD: frozenset({"comment", "source", "name", "company_title", "points", "moved", "last_activity"}),
        Kind.DEAL: frozenset({"comment", "lead", "currency", "points", "last_activity"}),
        Kind.CONTACT: frozenset({"comment", "source", "title", "last_activity"}),
        Kind.COMPANY: frozenset({"comment", "last_activity"}),
        Kind.USER: frozenset({"position"}),  # a role stands in
        Kind.TEAM: frozenset({"head", "parent"}),
    },
    carries=Carries(money={"amount": "price"}),  # one currency an account
    refuses=frozenset(
        (
            *("create activity", "create product", "create notice", "create user", "create team"),
            *("bind activity", "unbind activity", "bind todo", "unbind todo", "bind comment", "unbind comment"),
        )
    ),
    keeps_incoming=True,
    brings_contacts=True,
    empties_removed_stages=True,
    marks_need_field=True,
    fields_of={Kind.DEAL: Kind.LEAD},
    system_names_only=True,
    one_failure=True,
    stage_numbers=(20, ORDER_STEP),
    prompt_levels=tuple(LEVELS),
    prompt_length=1_000,
    loss_reasons=True,
    automation_page="/settings/pipeline/leads/",
    remakes_stages=True,
    keeps_last_stage=True,
    pages={
        "mailboxes": "/mail/",
        "doubles": "/contacts/list/",
        **{kind.value: f"/{ENTITIES[kind]}/detail/{{id}}" for kind in CARDS},
    },
)


def ask_facts(client: AmoClient, portal: str) -> PortalFacts:
    """The facts of an account. External integrations may not look at users: then name and rights stay unknown."""
    reply = client.get("/account", [("with", WITH)])
    row = only(reply, "GET /account")
    user = text(row.get("current_user_id"))
    person = _person(client, user)
    scopes = _scopes(client)
    settings = mapping(mapping(row.get("_embedded")).get("datetime_settings"))
    return PortalFacts(
        id=portal,
        leads_on=True,
        user=user,
        user_name=text(person.get("name")) or user,
        admin=bool(mapping(person.get("rights")).get("is_admin")),
        scopes=scopes,
        missing_scopes=REQUIRED_SCOPES - scopes,
        now=reply.at or client.clock.now(),
        utc_offset_minutes=_offset(text(settings.get("timezone_offset"))),
        access="token" if isinstance(client.access, LongLived) else "application",
    )


def _person(client: AmoClient, user: str) -> Mapping[str, Any]:
    try:
        return mapping(client.get(f"/users/{user}").body) if user else {}
    except (NotAllowed, NotFound):
        return {}


def _scopes(client: AmoClient) -> frozenset[str]:
    """Scopes that the token names; one that names none was let in, so it has the one that everything needs."""
    told = claims(client.tokens.current()).get("scopes")
    return frozenset(map(str, told)) if isinstance(told, list) else REQUIRED_SCOPES


def _offset(told: str) -> int:
    """
    >>> _offset("+03:00"), _offset("-0530"), _offset("")
    (180, -330, 0)
    """
    try:
        found = datetime.strptime(told, "%z").utcoffset() or timedelta()
    except ValueError:
        return 0
    return round(found.total_seconds() / 60)
