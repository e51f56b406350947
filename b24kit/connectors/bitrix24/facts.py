"""Who we are on a portal and in which state it is: four small questions in one request, before any other work."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from b24kit.connectors.bitrix24.asking import ask, result_of
from b24kit.connectors.bitrix24.client import RestClient
from b24kit.connectors.bitrix24.fieldnames import ADDRESS, ORIGIN, PERSON_ALONE
from b24kit.connectors.bitrix24.wirevalues import text, yes
from b24kit.connectors.commands import Command
from b24kit.crm.activity import Channel
from b24kit.crm.portal import Capabilities, Carries, PortalFacts
from b24kit.crm.refs import CARDS, Kind
from b24kit.errors import BadAnswer, NotAllowed

# Scopes without which nothing works, each with those that do as well ("Permissions": user_basic is a part of user).
REQUIRED_SCOPES: tuple[tuple[str, ...], ...] = (("crm",), ("user", "user_basic"), ("department",))
OPTIONAL_SCOPES = ("task", "im", "disk")  # tasks and notices for the team, contents of files for copies

_SIMPLE_MODE = 2
_STAGE_CODE_LIMIT = 21  # crm.status.add: leads 21, deals 22 with the prefix of their pipeline

CAPABILITIES = Capabilities(
    vendor="bitrix24",
    has_leads=True,
    deletes=frozenset(
        {
            *CARDS,
            *(Kind.PRODUCT, Kind.ACTIVITY, Kind.TODO, Kind.COMMENT, Kind.TASK, Kind.NOTICE),
            *(Kind.STAGE, Kind.SOURCE, Kind.PIPELINE, Kind.FIELD, Kind.SUBSCRIPTION),
        }
    ),
    restores_stage_code=True,
    quiet_creation=frozenset(CARDS),
    merges=True,
    merge_blockers=frozenset({"IS_MY_COMPANY"}),
    merge_ignores=frozenset({"LEAD_ID", "LINK", "ORIGIN_VERSION"}),
    native_gates=False,
    lays_out=True,
    own_stage_codes=True,
    renames_system_stages=True,
    stage_code_limit=_STAGE_CODE_LIMIT,
    colours=None,
    carries=Carries(
        alone=PERSON_ALONE,
        together=(ADDRESS,),
        origin=ORIGIN,
        money={"amount": "OPPORTUNITY", "currency": "CURRENCY_ID"},
    ),
    sends=frozenset({Channel.EMAIL}),
    quiet_forgets=("ADDRESS", "REG_ADDRESS"),
    pages={
        "mailboxes": "/mail/",
        "exceptions": "/crm/configs/exclusion/",
        **{kind.value: f"/crm/{kind.value}/details/{{id}}/" for kind in CARDS},
    },
)

_PROFILE = Command("profile", "profile")
_SCOPE = Command("scope", "scope")
_TIME = Command("time", "server.time")
_MODE = Command("mode", "crm.settings.mode.get")


def ask_facts(client: RestClient, portal: str, access: str) -> PortalFacts:
    """The facts of `portal` (its host name). A missing scope is told, not raised: a person has to see all of them."""
    outcomes = ask(client, [_PROFILE, _SCOPE, _TIME, _MODE])
    profile = result_of(_PROFILE, outcomes.get("profile"))
    scopes = frozenset(map(str, result_of(_SCOPE, outcomes.get("scope")) or ()))
    now = _moment(result_of(_TIME, outcomes.get("time")))
    try:
        mode = result_of(_MODE, outcomes.get("mode"))
    except NotAllowed:  # no scope crm: reported among the missing ones
        mode = None
    offset = now.utcoffset()
    return PortalFacts(
        id=portal,
        leads_on=str(mode) != str(_SIMPLE_MODE),
        user=_of(profile, "ID"),
        user_name=" ".join(part for part in (_of(profile, "NAME"), _of(profile, "LAST_NAME")) if part),
        admin=isinstance(profile, Mapping) and yes(profile.get("ADMIN")),
        scopes=scopes,
        missing_scopes=frozenset(names[0] for names in REQUIRED_SCOPES if scopes.isdisjoint(names)),
        now=now.astimezone(UTC),
        utc_offset_minutes=round(offset.total_seconds() / 60) if offset else 0,
        access=access,
    )


def _of(profile: Any, name: str) -> str:
    return text(profile.get(name)) if isinstance(profile, Mapping) else ""


def _moment(told: Any) -> datetime:
    """The portal's time with its own offset (server.time)."""
    try:
        found = datetime.fromisoformat(str(told))
    except ValueError:
        raise BadAnswer("wrong_shape", method="server.time", came=str(told)[:80]) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
