"""The one place where access becomes a portal: callers hand in what they hold and get the Portal protocol back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from b24kit.clock import Clock
from b24kit.connectors.amocrm.access import Access, Integration, LongLived, looks_like_account, parse_access
from b24kit.connectors.amocrm.client import AmoClient
from b24kit.connectors.amocrm.facts import CAPABILITIES as AMOCRM
from b24kit.connectors.amocrm.portal import AmoPortal
from b24kit.connectors.bitrix24.application import Application, looks_like_application, parse_application
from b24kit.connectors.bitrix24.client import RestClient
from b24kit.connectors.bitrix24.facts import CAPABILITIES as BITRIX24
from b24kit.connectors.bitrix24.fieldnames import check_filter
from b24kit.connectors.bitrix24.oauth import ApplicationTokens, AuthConnection
from b24kit.connectors.bitrix24.portal import BitrixPortal
from b24kit.connectors.credentials import Webhook
from b24kit.connectors.pacing import Limits
from b24kit.connectors.pairs.filestore import FileStore
from b24kit.connectors.pairs.pair import TokenStore
from b24kit.connectors.pairs.pgstore import PostgresStore
from b24kit.connectors.tap import Tap
from b24kit.crm.portal import Capabilities, Portal
from b24kit.errors import UsageError

Credentials = Webhook | Application | LongLived | Integration

TOKENS = "tokens"  # the folder of token pairs inside the state folder


def read_credentials(pasted: str) -> Credentials:
    """The access out of what a person pasted or a secrets file holds: a webhook's address, or an account's address with
    a token (or with an integration's id, secret and redirect address), or a portal's address with a local application's
    id and secret. UsageError names the mistake.
    """
    if looks_like_application(pasted):
        return parse_application(pasted)
    return parse_access(pasted) if looks_like_account(pasted) else Webhook.parse(pasted)


def stored_form(credentials: Credentials) -> str:
    """What `read_credentials` reads again. It is a password."""
    return credentials.base_url if isinstance(credentials, Webhook) else credentials.stored


def vendor_of(credentials: Credentials) -> str:
    """The vendor whose access this is, as profiles name it."""
    return "bitrix24" if isinstance(credentials, Webhook | Application) else "amocrm"


def capabilities_of(vendor: str) -> Capabilities:
    """What a vendor's API can do at all, by the name that profiles keep; nothing is opened."""
    return {"bitrix24": BITRIX24, "amocrm": AMOCRM}[vendor]


def open_portal(
    credentials: Credentials,
    clock: Clock,
    *,
    state_dir: Path | None = None,
    limits: Limits | None = None,
    in_flight: int = 8,
    tap: Tap | None = None,
    on_moved: Callable[[str], None] | None = None,
    lead_pipeline: str | None = None,
    database: str | None = None,
    receiver: str | None = None,
    sends: bool = False,
) -> Portal:
    """A portal ready for work; nothing is asked of it yet. Close it when done.

    `state_dir` is where all processes of this machine share what is used of the portal's limits (None: this process
    only), `limits` those of the profile, `in_flight` the most requests at a time, `tap` an optional recorder of calls;
    `on_moved(host)` hears of a renamed portal. For amoCRM: `lead_pipeline` is the number of the pipeline that is the
    ladder of leads (None: the main one), `database` the address of a Postgres that keeps OAuth tokens for several
    machines (None: a file in `state_dir`); its speed is the vendor's, whatever `limits` say.
    `receiver` is the secret address at which we hear of events, `sends` whether letters to clients may leave at all.
    """
    if isinstance(credentials, LongLived | Integration):
        account = AmoClient(
            credentials,
            clock=clock,
            tokens=token_store(credentials, state_dir, database),
            state_dir=state_dir,
            max_in_flight=in_flight,
            tap=tap,
            on_moved=on_moved,
            hidden=receiver,
        )
        return AmoPortal(account, host=credentials.host, lead_pipeline=lead_pipeline, receiver=receiver)
    client = RestClient(
        credentials,
        clock=clock,
        state_dir=state_dir,
        max_in_flight=in_flight,
        limits=limits,
        tap=tap,
        check_filter=check_filter,
        on_moved=on_moved,
        tokens=_application_tokens(credentials, clock, state_dir, database),
        hidden=receiver,
    )
    access = "application" if isinstance(credentials, Application) else "webhook"
    return BitrixPortal(client, host=credentials.host, access=access, receiver=receiver, sends=sends)


def token_store(access: Access | Application, state_dir: Path | None, database: str | None = None) -> TokenStore | None:
    """Where the pair of an integration or application is kept; None for a long-lived token, which never changes.

    It goes by the address the account was added with: one that is renamed keeps its pair.
    """
    if isinstance(access, LongLived):
        return None
    name = f"{access.host} {access.client_id}"
    if database is not None:
        return PostgresStore(database, name)
    if state_dir is None:
        raise UsageError("tokens_no_store")
    return FileStore(state_dir / TOKENS, name, vendor_of(access))


def _application_tokens(
    access: Credentials, clock: Clock, state_dir: Path | None, database: str | None
) -> ApplicationTokens | None:
    if not isinstance(access, Application):
        return None
    store = token_store(access, state_dir, database)
    assert store is not None
    return ApplicationTokens(access, store, clock, AuthConnection(access))


def authorise(
    access: Integration | Application,
    code: str,
    clock: Clock,
    *,
    state_dir: Path | None = None,
    database: str | None = None,
) -> None:
    """Exchange the code of the consent page for the first pair of tokens, which is stored; NotAllowed when refused."""
    if isinstance(access, Application):
        tokens = _application_tokens(access, clock, state_dir, database)
        assert tokens is not None
        tokens.begin(code)
        return
    client = AmoClient(access, clock=clock, tokens=token_store(access, state_dir, database), state_dir=state_dir)
    try:
        client.begin(code)
    finally:
        client.close()


def take_installation(
    access: Application,
    auth: Mapping[str, Any],
    clock: Clock,
    *,
    state_dir: Path | None = None,
    database: str | None = None,
) -> None:
    """Store the pair of tokens of a portal's installation call, proven first; NotAllowed when it is not ours."""
    tokens = _application_tokens(access, clock, state_dir, database)
    assert tokens is not None
    tokens.take(auth)
