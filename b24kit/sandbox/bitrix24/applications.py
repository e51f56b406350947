"""Local applications of a fake portal, the tokens that were given out to them, and outgoing webhooks made by hand.

Rests on the vendor's pages "Complete OAuth 2.0 Authorization Protocol", "Automatic Renewal of OAuth 2.0 Tokens",
"Local Applications" and "Outgoing Webhooks": a code lives 30 seconds, an access token an hour, a refresh token 180
days, and every renewal gives a new one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any

from b24kit.sandbox.bitrix24 import service
from b24kit.sandbox.store import Row, Store

CODE_SECONDS = 30
ACCESS_SECONDS = 3600
REFRESH_SECONDS = 180 * 24 * 3600
MEMBER_ID = blake2b(b"sandbox/member", digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Application:
    """A local application as its card on the portal holds it; `user_id` is the administrator who added it.

    `install_url` is told of the installation at once (kind "uses API only"), `handler_url` is where the consent page
    leads back to. With an `interface` it is installed only once its page has said so: until then nothing is told.
    """

    client_id: str
    client_secret: str = field(repr=False)
    user_id: int = 1
    scopes: tuple[str, ...] = tuple(service.ALL_SCOPES)
    handler_url: str = ""
    install_url: str = ""
    interface: bool = False
    finished: bool = True

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Application:
        """From {client_id, client_secret?, user_id?, scopes?, handler_url?, install_url?, interface?, finished?}."""
        client_id = str(data["client_id"])
        interface = bool(data.get("interface", False))
        return cls(
            client_id,
            str(data.get("client_secret") or made("secret", client_id)),
            int(data.get("user_id", 1)),
            tuple(data.get("scopes") or service.ALL_SCOPES),
            str(data.get("handler_url", "")),
            str(data.get("install_url", "")),
            interface,
            bool(data.get("finished", not interface)),
        )

    def as_data(self) -> dict[str, Any]:
        """What `from_data` reads."""
        return {
            "client_id": self.client_id, "client_secret": self.client_secret, "user_id": self.user_id,
            "scopes": list(self.scopes), "handler_url": self.handler_url, "install_url": self.install_url,
            "interface": self.interface, "finished": self.finished, "application_token": self.token,
        }  # fmt: skip

    @property
    def token(self) -> str:
        """`application_token`: by this the application knows that a message is the portal's."""
        return made("application", self.client_id)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An outgoing webhook as a person makes it on the portal's page: an address, some events, a token of its own."""

    url: str = field(repr=False)
    events: tuple[str, ...]
    token: str = field(repr=False)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Outgoing:
        """From {url, events, token?}."""
        events = tuple(str(name).upper() for name in data["events"])
        return cls(str(data["url"]), events, str(data.get("token") or made("outgoing", str(data["url"]))))

    def as_data(self) -> dict[str, Any]:
        """What `from_data` reads."""
        return {"url": self.url, "events": list(self.events), "token": self.token}


class Grants:
    """Codes and tokens given out, in tables of the store; `now` is the portal's time."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._codes, self._tokens, self._now = store["oauth_code"], store["oauth_token"], now

    def give_code(self, client_id: str, user_id: int) -> str:
        """A code for the way back from the consent page."""
        code = made("code", f"{client_id}/{self._codes.last_id + 1}")
        self._codes.add({"CODE": code, "APP": client_id, "USER_ID": user_id, "EXPIRES": self._unix() + CODE_SECONDS})
        return code

    def take_code(self, client_id: str, code: str) -> Row | None:
        """The code's row, once; None when it is over, unknown or somebody else's."""
        row = next((self._codes.remove(i) for i in self._codes.find("CODE", code)), None)
        return row if row is not None and row["APP"] == client_id and not self.is_over(row["EXPIRES"]) else None

    def give_pair(self, client_id: str, user_id: int) -> Row:
        """A fresh pair of tokens."""
        name, now = f"{client_id}/{self._tokens.last_id + 1}", self._unix()
        row: Row = {"ACCESS": made("access", name), "REFRESH": made("refresh", name), "APP": client_id}
        row |= {"USER_ID": user_id, "EXPIRES": now + ACCESS_SECONDS, "REFRESH_EXPIRES": now + REFRESH_SECONDS}
        self._tokens.add(row)
        return row

    def renew(self, client_id: str, refresh: str) -> Row | None:
        """A new pair for a refresh token, which is used up by it; the old access token lives out its hour."""
        found = self._tokens.find("REFRESH", refresh) if refresh else []
        row = self._tokens.rows[found[0]] if found else None
        if row is None or row["APP"] != client_id or self.is_over(row["REFRESH_EXPIRES"]):
            return None
        self._tokens.change(found[0], {"REFRESH": ""})
        return self.give_pair(client_id, int(row["USER_ID"]))

    def for_event(self, client_id: str, user_id: int) -> Row:
        """The access token that goes with an event: that of the person who acted, renewed once half its hour is gone.

        It carries no refresh token ("Events"), so it is given again to all events of half an hour.
        """
        for token_id in reversed(self._tokens.find("REFRESH", "")):
            row = self._tokens.rows[token_id]
            if (row["APP"], row["USER_ID"]) == (client_id, user_id) and row.get("EVENT"):
                if row["EXPIRES"] > self._unix() + ACCESS_SECONDS / 2:
                    return row
                break
        row = self.give_pair(client_id, user_id)
        self._tokens.change(self._tokens.last_id, {"REFRESH": "", "EVENT": True})
        return row

    def by_access(self, token: str) -> Row | None:
        """The row of an access token, valid or over."""
        found = self._tokens.find("ACCESS", token)
        return self._tokens.rows[found[0]] if found else None

    def keep_only(self, client_ids: Set[str]) -> None:
        """Tokens and codes of removed applications are dead."""
        for table in (self._codes, self._tokens):
            for row_id, row in table:
                if row["APP"] not in client_ids:
                    table.remove(row_id)

    def is_over(self, expires: float) -> bool:
        """Whether this unix second is past, by the portal's clock."""
        return self._unix() >= expires

    def _unix(self) -> float:
        return self._now().timestamp()


def made(kind: str, name: str) -> str:
    """A secret of the vendor's length. It opens a fake portal on loopback only, so it need not be secret."""
    return blake2b(f"sandbox/{kind}/{name}".encode(), digest_size=16).hexdigest()
