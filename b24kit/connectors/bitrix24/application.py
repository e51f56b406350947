"""How b24kit proves itself to a portal as a local application: keys from the application's card, tokens from OAuth.

Rests on the vendor's pages "Local Applications" and "Complete OAuth 2.0 Authorization Protocol": everything that
involves the secret key goes to the authorization server and to nobody else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from hashlib import blake2b
from urllib.parse import quote, urlsplit

from b24kit.connectors.credentials import HIDDEN, is_loopback
from b24kit.errors import UsageError

AUTH_SERVERS = ("oauth.bitrix.info", "oauth.bitrix24.tech")
AUTH_SERVER = f"https://{AUTH_SERVERS[0]}"
SAMPLE = "https://my.bitrix24.com local.5fa5e0f8a1b2c3.12345678"

_CLIENT_ID = re.compile(r"(?:local|app)\.[0-9a-z]+\.[0-9]+", re.IGNORECASE)
_SECRET = re.compile(r"[A-Za-z0-9_-]{16,256}")
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?")
_QUOTES = "\"'<>«»\u201c\u201d"


@dataclass(frozen=True, slots=True)
class Application:
    """A local application on one portal. `auth_server` is one of the vendor's, or one on this machine for a sandbox.

    >>> Application("my.bitrix24.com", "local.5f.1", "secret-secret-secret")
    Application(https://my.bitrix24.com local.5f.1 ***)
    """

    host: str
    client_id: str
    client_secret: str = field(repr=False)
    auth_server: str = AUTH_SERVER
    scheme: str = "https"

    @property
    def base_url(self) -> str:
        """Where methods are called; the token goes into the body of each call."""
        return f"{self.scheme}://{self.host}/rest/"

    @property
    def token_url(self) -> str:
        """The only address that ever sees the secret key."""
        return f"{self.auth_server}/oauth/token/"

    @property
    def consent_url(self) -> str:
        """The page on which a person lets the application in; it leads back with a code that lives 30 seconds."""
        return f"{self.scheme}://{self.host}/oauth/authorize/?client_id={quote(self.client_id)}"

    @property
    def fingerprint(self) -> str:
        """Names this access in files of ours: running time is counted by application."""
        return blake2b(self.client_id.encode(), digest_size=8, person=b"b24kit").hexdigest()

    @property
    def stored(self) -> str:
        """What is kept where secrets are kept."""
        server = "" if self.auth_server == AUTH_SERVER else f" {self.auth_server}"
        return f"{self.scheme}://{self.host} {self.client_id} {self.client_secret}{server}"

    def moved_to(self, host: str, scheme: str = "https") -> Application:
        """The same application on a portal that was renamed; its authorization server stays."""
        return Application(host, self.client_id, self.client_secret, self.auth_server, scheme)

    def mask(self, text: str) -> str:
        """`text` without the secret key, wherever it stood."""
        return text.replace(self.client_secret, HIDDEN)

    def __repr__(self) -> str:
        return f"Application({self})"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host} {self.client_id} {HIDDEN}"


def looks_like_application(pasted: str) -> bool:
    """Whether a pasted text is a portal's address and an application's id."""
    words = _words(pasted)
    return len(words) > 1 and _CLIENT_ID.fullmatch(words[1]) is not None


def parse_application(pasted: str) -> Application:
    """The access out of `address client_id client_secret [authorization server]`; UsageError names the mistake."""
    words = _words(pasted)
    if not 2 <= len(words) <= 4 or not _CLIENT_ID.fullmatch(words[1]):
        raise UsageError("application_bad_parts", sample=SAMPLE)
    scheme, host = _address(words[0])
    if len(words) == 2:
        raise UsageError("application_no_secret", host=host)
    if not _SECRET.fullmatch(words[2]) or HIDDEN in words[2]:
        raise UsageError("application_bad_secret", host=host)
    server = _server(words[3], host) if len(words) == 4 else AUTH_SERVER
    return Application(host, words[1], words[2], server, scheme)


def _words(pasted: str) -> list[str]:
    return [word.strip(_QUOTES) for word in pasted.split()]


def _address(word: str) -> tuple[str, str]:
    parts = urlsplit(word if "://" in word else f"https://{word}")
    host, scheme = parts.netloc.lower(), parts.scheme.lower()
    if "@" in host or not _HOST.fullmatch(host) or ("." not in host and not is_loopback(host)):
        raise UsageError("application_bad_parts", sample=SAMPLE)
    if scheme != "https" and not (scheme == "http" and is_loopback(host)):
        raise UsageError("webhook_not_https", host=host)
    return scheme, host


def _server(word: str, host: str) -> str:
    """An authorization server that may see the secret key: the vendor's, or for a sandbox this very machine."""
    parts = urlsplit(word)
    if parts.scheme == "https" and parts.netloc in AUTH_SERVERS:
        return f"https://{parts.netloc}"
    if parts.scheme in ("http", "https") and is_loopback(parts.netloc) and is_loopback(host):
        return f"{parts.scheme}://{parts.netloc}"
    raise UsageError("application_bad_server", server=parts.netloc or word[:40], known=", ".join(AUTH_SERVERS))
