"""`portal add|list|info`, `doctor` and `pull`: getting to know a portal before anything is planned on it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

import typer

from b24kit.cli.context import Desk, desk, open_address
from b24kit.errors import UsageError
from b24kit.i18n import speak_of

if TYPE_CHECKING:
    from b24kit.connectors.factory import Credentials
    from b24kit.crm.portal import PortalFacts

app = typer.Typer(help="Portals of this folder.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="A short name for the portal, for example main.")]


@app.command("add")
def add(
    context: typer.Context,
    name: Name = "main",
    keychain: Annotated[bool, typer.Option("--keychain", help="Keep the webhook in the system's keychain.")] = False,
    operating_limit: Annotated[
        float | None, typer.Option(help="Seconds of one method's work in 10 minutes, if the vendor told you.")
    ] = None,
    enterprise: Annotated[bool, typer.Option("--enterprise", help="The portal is on the Enterprise plan.")] = False,
) -> None:
    """Paste an inbound webhook: it is tried, its scopes are checked, and it is kept where only you can read it."""
    with desk(context) as at:
        from b24kit.config.secrets import keep_webhook
        from b24kit.config.settings import PortalProfile, remember_portal
        from b24kit.connectors.factory import stored_form, vendor_of

        check_name(name)
        # People paste a method's name, quotes and blanks with it: what is kept is the address itself.
        access = ask_access(at)
        known = at.settings.portals.get(name)
        profile = PortalProfile(
            name,
            access.host,
            vendor_of(access),
            enterprise=enterprise,
            operating_limit=operating_limit,
            lead_pipeline=known.lead_pipeline if known else None,
        )
        speak_of(profile.vendor)
        portal = open_address(stored_form(access), profile, at.clock)
        try:
            facts = portal.facts()
        finally:
            portal.close()
        path = remember_portal(at.settings.folder, profile)
        place = keep_webhook(name, stored_form(access), host=access.host, keychain=keychain)
        _added(at, profile, facts, place, path.name)


@app.command("remove")
def remove(context: typer.Context, name: Annotated[str, typer.Argument(help="The portal to forget.")]) -> None:
    """Forget a portal: its lines of b24kit.toml and its webhook. Runs and snapshots stay."""
    with desk(context) as at:
        from b24kit.config.secrets import forget_webhook
        from b24kit.config.settings import forget_portal

        profile = at.settings.portal(name)
        speak_of(profile.vendor)
        forget_portal(at.settings.folder, profile.name)
        forgotten = forget_webhook(profile.name, profile.host)
        if at.screen.as_json:
            at.screen.document("portal_removed", name=profile.name, host=profile.host, secret_removed=forgotten)
        else:
            at.screen.say("portal.removed", name=profile.name, host=profile.host)


def ask_access(at: Desk) -> Credentials:
    """The access as a person types it: a webhook; an account's address with its token; or the four parts of an
    integration, whose code is asked for next and exchanged for the first tokens.
    """
    import os

    from b24kit.config.settings import state_dir
    from b24kit.connectors.amocrm.access import Integration, looks_like_account
    from b24kit.connectors.bitrix24.application import looks_like_application
    from b24kit.connectors.factory import authorise, read_credentials

    pasted = at.screen.ask_secret("portal.paste")
    words = pasted.split()
    if looks_like_application(pasted):
        return ask_application(at, words)
    if not looks_like_account(pasted):
        return read_credentials(pasted)
    if len(words) == 1 and at.screen.can_ask:
        words.append(at.screen.ask_secret("portal.paste_token", host=words[0]))
    code = words.pop() if len(words) == 5 else ""
    access = read_credentials(" ".join(words))
    if isinstance(access, Integration):
        code = code or (at.screen.ask_secret("portal.paste_code", host=access.host) if at.screen.can_ask else "")
        if code:  # without one the tokens of an earlier time go on
            database = os.environ.get("B24KIT_TOKEN_DATABASE")
            authorise(access, code, at.clock, state_dir=state_dir(), database=database)
    return access


def ask_application(at: Desk, words: list[str]) -> Credentials:
    """A local application by its address, id and secret key (and, for a sandbox, the authorization server); then the
    code of the consent page, typed or as the last word. Without one the tokens of an earlier time go on.
    """
    import os

    from b24kit.config.settings import state_dir
    from b24kit.connectors.bitrix24.application import Application
    from b24kit.connectors.factory import authorise, read_credentials

    code = words.pop() if len(words) > 3 and "://" not in words[-1] else ""
    access = read_credentials(" ".join(words))
    assert isinstance(access, Application)
    if not code and at.screen.can_ask:
        at.screen.say("application.consent", url=access.consent_url)
        code = at.screen.ask_secret("application.paste_code30")
    if code:
        authorise(access, code, at.clock, state_dir=state_dir(), database=os.environ.get("B24KIT_TOKEN_DATABASE"))
    return access


def check_name(name: str) -> None:
    """A name stands in b24kit.toml and in the name of an environment variable."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,40}", name):
        raise UsageError("config.bad_portal_name", name=name)


def _added(at: Desk, profile: Any, facts: PortalFacts, place: str, file: str) -> None:
    if at.screen.as_json:
        at.screen.document("portal", name=profile.name, **facts_document(facts))
        return
    at.screen.say("portal.added", name=profile.name, host=profile.host, user=facts.user_name, file=file)
    at.screen.say(place)
    for scope in sorted(facts.missing_scopes):
        at.screen.sign("!", at.screen.text("portal.missing_scope", scope=scope))
    at.screen.say("portal.next")


@app.command("list")
def list_portals(context: typer.Context) -> None:
    """Portals named in b24kit.toml."""
    with desk(context) as at:
        from b24kit.reports.tables import Table

        rows = [(p.name, p.host, p.vendor, p.operating_limit) for p in at.settings.portals.values()]
        columns = ("column.portal", "column.host", "column.vendor", "column.operating_limit")
        at.screen.tables([Table("table.portals", columns, rows)], "portals")


@app.command("info")
def info(context: typer.Context) -> None:
    """Who we are on the portal, and its stages, pipelines, sources and people in numbers."""
    with desk(context) as at:
        from b24kit.reports.wording import moment_text

        facts = at.portal.facts()
        stages, sources = at.portal.stages(), at.portal.sources()
        counts = {
            "stages": len(stages),
            "pipelines": len(at.portal.pipelines()),
            "sources": len(sources),
            "users": len(at.portal.users()),
        }
        if at.screen.as_json:
            at.screen.document("portal", name=at.profile.name, **facts_document(facts), **counts)
            return
        at.screen.say(
            "portal.info",
            name=at.profile.name,
            host=facts.id,
            user=facts.user_name,
            now=moment_text(facts.now, at.lang),
        )
        at.screen.say("portal.counts", **counts)


def doctor(context: typer.Context) -> None:
    """What this portal and these rights allow, and what a person must do by hand. Nothing is written."""
    with desk(context) as at:
        from b24kit.audit.doctor import SIGNS, blocked, examine
        from b24kit.i18n import say

        facts = at.portal.facts()
        drift = (facts.now - at.clock.now()).total_seconds()
        checks = examine(facts, at.portal.capabilities, drift)
        stop = blocked(checks)
        if at.screen.as_json:
            rows = [{"code": c.code, "verdict": c.verdict.value, "facts": dict(c.facts)} for c in checks]
            at.screen.document("doctor", portal=facts.id, blocked=stop, checks=rows)
        else:
            for check in checks:
                at.screen.sign(SIGNS[check.verdict], say(check.code, at.lang, **check.facts))
            at.screen.say("doctor.legend")
            at.screen.say("doctor.blocked" if stop else "doctor.ready")
        if stop:
            raise typer.Exit(5)


def pull(context: typer.Context) -> None:
    """Read the whole portal into a snapshot of this folder, for offline audits and as a backup of values."""
    with desk(context) as at:
        from b24kit.cli.scope import EVERYTHING

        snapshot = at.snapshot(EVERYTHING)
        counts = {kind.value: snapshot.count(kind) for kind in EVERYTHING}
        if at.screen.as_json:
            at.screen.document("snapshot", id=snapshot.id, counts=counts)
            return
        at.screen.say(
            "pull.done",
            id=snapshot.id,
            leads=counts["lead"],
            contacts=counts["contact"],
            companies=counts["company"],
            deals=counts["deal"],
            activities=counts["activity"],
        )


def facts_document(facts: PortalFacts) -> dict[str, Any]:
    """Facts of a portal as a machine reads them."""
    return {
        "host": facts.id,
        "user": facts.user,
        "user_name": facts.user_name,
        "admin": facts.admin,
        "leads_on": facts.leads_on,
        "scopes": sorted(facts.scopes),
        "missing_scopes": sorted(facts.missing_scopes),
        "access": facts.access,
        "now": facts.now,
    }
