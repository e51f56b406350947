"""How b24kit proves itself to an amoCRM account: a long-lived token, or an integration with OAuth2. Nothing here ever
prints a secret.

Rests on the vendor's pages "OAuth 2.0", "OAuth step by step" and "Long-lived tokens".
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any
from urllib.parse import urlsplit

from b24kit.connectors.credentials import HIDDEN, is_loopback
from b24kit.errors import UsageError

# Hosts that may see a token. The bare domains themselves hold no data.
DOMAINS = ("amocrm.ru", "amocrm.com", "kommo.com")
SAMPLE = "https://my.amocrm.ru"

_TOKEN = re.compile(r"[A-Za-z0-9_.~+/=-]{16,8192}")
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?")


@dataclass(frozen=True, slots=True)
class LongLived:
    """A token that an administrator made for 1 day to 5 years; it cannot be renewed.

    >>> LongLived("my.amocrm.ru", "secret-secret-secret")
    LongLived(https://my.amocrm.ru ***)
    """

    host: str
    token: str = field(repr=False)
    scheme: str = "https"

    @property
    def stored(self) -> str:
        """What is kept where secrets are kept."""
        return f"{self.scheme}://{self.host} {self.token}"

    @property
    def integration(self) -> str:
        """Who asks, as far as limits go: the token's audience, or a fingerprint of it."""
        return str(claims(self.token).get("aud") or _fingerprint(self.token))

    def moved_to(self, host: str, scheme: str = "https") -> LongLived:
        """The same access to an account that was renamed."""
        return LongLived(host, self.token, scheme)

    def mask(self, text: str) -> str:
        """`text` without the token, wherever it stood."""
        return text.replace(self.token, HIDDEN)

    def __repr__(self) -> str:
        return f"LongLived({self})"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host} {HIDDEN}"


@dataclass(frozen=True, slots=True)
class Integration:
    """An integration with OAuth2; its pair of tokens lives in a store of its own, since every renewal changes it."""

    host: str
    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str
    scheme: str = "https"

    @property
    def stored(self) -> str:
        """What is kept where secrets are kept."""
        return f"{self.scheme}://{self.host} {self.client_id} {self.client_secret} {self.redirect_uri}"

    @property
    def integration(self) -> str:
        """Who asks, as far as limits go."""
        return self.client_id

    def moved_to(self, host: str, scheme: str = "https") -> Integration:
        """The same integration on an account that was renamed."""
        return Integration(host, self.client_id, self.client_secret, self.redirect_uri, scheme)

    def mask(self, text: str) -> str:
        """`text` without the secret, wherever it stood."""
        return text.replace(self.client_secret, HIDDEN)

    def __repr__(self) -> str:
        return f"Integration({self})"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host} {self.client_id} {HIDDEN}"


Access = LongLived | Integration


def parse_access(pasted: str) -> Access:
    """The access out of `address token`, or `address client_id client_secret redirect_uri`, on one line or several.

    UsageError names the mistake; `amo_token_missing` when there is an address and nothing else.
    """
    words = [word.strip("\"'<>«»\u201c\u201d") for word in pasted.split()]
    if not words:
        raise UsageError("amo_address_missing", sample=SAMPLE)
    scheme, host = parse_host(words[0])
    if len(words) == 1:
        raise UsageError("amo_token_missing", host=host)
    if len(words) == 2:
        if not _TOKEN.fullmatch(words[1]) or HIDDEN in words[1]:
            raise UsageError("amo_bad_token", host=host)
        return LongLived(host, words[1], scheme)
    if len(words) == 4:
        return Integration(host, words[1], words[2], words[3], scheme)
    raise UsageError("amo_bad_access", host=host)


def parse_host(address: str) -> tuple[str, str]:
    """(scheme, host) of an account's address, whatever page of it was copied; UsageError for one that may see no token.

    >>> parse_host("my.amocrm.ru/leads/pipeline/")
    ('https', 'my.amocrm.ru')
    """
    parts = urlsplit(address if "://" in address else f"https://{address}")
    host, scheme = parts.netloc.lower(), parts.scheme.lower()
    if "@" in host or not _HOST.fullmatch(host):
        raise UsageError("amo_bad_host", sample=SAMPLE)
    if host in (*DOMAINS, *(f"www.{domain}" for domain in DOMAINS)) or not trusted(scheme, host):
        raise UsageError("amo_bad_host", sample=SAMPLE)
    return scheme, host


def looks_like_account(text: str) -> bool:
    """Whether a pasted text begins with the address of an amoCRM or Kommo account."""
    words = text.split()
    if not words:
        return False
    address = words[0].strip("\"'<>«»\u201c\u201d")
    host = urlsplit(address if "://" in address else f"https://{address}").netloc.lower()
    return belongs(host) or (len(words) > 1 and is_loopback(host))


def belongs(host: str) -> bool:
    """Whether a host is the vendor's: an account of it, or one of its API servers."""
    name = host.partition(":")[0]
    return any(name.endswith(f".{domain}") for domain in DOMAINS)


def trusted(scheme: str, host: str, here: str | None = None) -> bool:
    """Whether a token may be shown to this address; plain HTTP only on this machine, and only from it."""
    if scheme == "https" and belongs(host):
        return True
    return scheme in ("http", "https") and is_loopback(host) and (here is None or is_loopback(here))


def claims(token: str) -> dict[str, Any]:
    """What an access token says of itself (a JWT; its signature is the vendor's to check); {} for another form."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        told = json.loads(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _fingerprint(secret: str) -> str:
    return blake2b(secret.encode(), digest_size=8, person=b"b24kit").hexdigest()
