"""How b24kit proves itself to a portal. An incoming-webhook URL is a password: nothing here ever prints its secret."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from hashlib import blake2b
from ipaddress import ip_address
from urllib.parse import urlsplit

from b24kit.errors import UsageError

HIDDEN = "***"
SAMPLE = f"https://my.bitrix24.com/rest/1/{HIDDEN}/"

_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?", re.IGNORECASE)
_SECRET = re.compile(r"[A-Za-z0-9_-]{4,128}")


@dataclass(frozen=True, slots=True)
class Webhook:
    """An incoming webhook ("Local integrations: incoming webhook"): `host` may carry a port, `scheme` is https except
    on this machine itself.

    >>> Webhook.parse("https://my.bitrix24.com/rest/1/abcdef0123456789/")
    Webhook(https://my.bitrix24.com/rest/1/***/)
    """

    host: str
    user_id: str
    secret: str = field(repr=False)
    scheme: str = "https"

    @classmethod
    def parse(cls, pasted: str) -> Webhook:
        """The webhook out of a pasted URL, whatever a person copied with it; UsageError names the mistake."""
        text = _unwrapped(pasted)
        parts = urlsplit(text if "://" in text else f"https://{text}")
        host = _host(parts.netloc)
        steps = [step for step in parts.path.split("/") if step]
        user_id, secret = _path(steps, host)
        scheme = parts.scheme.lower()
        if scheme != "https" and not (scheme == "http" and is_loopback(host)):
            raise UsageError("webhook_not_https", host=host)
        return cls(host, user_id, secret, scheme)

    @property
    def base_url(self) -> str:
        """Where methods are called, with the secret in it: for the transport only."""
        return f"{self.scheme}://{self.host}/rest/{self.user_id}/{self.secret}/"

    @property
    def fingerprint(self) -> str:
        """Names this webhook in files of ours without telling its secret."""
        return blake2b(f"{self.user_id}/{self.secret}".encode(), digest_size=8, person=b"b24kit").hexdigest()

    def moved_to(self, host: str, scheme: str = "https") -> Webhook:
        """The same webhook on a portal that was renamed."""
        return Webhook(host, self.user_id, self.secret, scheme)

    def mask(self, text: str) -> str:
        """`text` without the secret, wherever it stood."""
        return text.replace(self.secret, HIDDEN)

    def __repr__(self) -> str:
        return f"Webhook({self})"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}/rest/{self.user_id}/{HIDDEN}/"


def is_loopback(host: str) -> bool:
    """Whether a host (with or without a port) is this machine: the only place where plain HTTP is let through.

    >>> is_loopback("127.0.0.1:8024"), is_loopback("localhost"), is_loopback("my.bitrix24.com")
    (True, True, False)
    """
    name = (urlsplit(f"//{host}").hostname or "").lower()
    if name == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def _unwrapped(pasted: str) -> str:
    """The bare URL: people paste it with quotes, angle brackets, line breaks and blanks around."""
    text = pasted.strip().strip("\"'<>«»\u201c\u201d").strip()
    if not text:
        raise UsageError("webhook_empty", sample=SAMPLE)
    if re.search(r"\s", text):
        raise UsageError("webhook_has_blanks", sample=SAMPLE)
    return text


def _host(netloc: str) -> str:
    """The portal's host in lower case, checked without echoing what might hold a secret."""
    host = netloc.lower()
    try:
        parts = urlsplit(f"//{host}")
        name, _ = parts.hostname or "", parts.port
    except ValueError:
        raise UsageError("webhook_bad_host", sample=SAMPLE) from None
    if "@" in host or not (_HOST.fullmatch(name) or is_loopback(host)):
        raise UsageError("webhook_bad_host", sample=SAMPLE)
    if "." not in name and not is_loopback(host):
        raise UsageError("webhook_bad_host", sample=SAMPLE)
    return host


def _path(steps: list[str], host: str) -> tuple[str, str]:
    """User id and secret out of `/rest/1/secret/[method]`; a REST v3 address (`/rest/api/1/secret/`) is taken too."""
    if not steps:
        raise UsageError("webhook_is_only_a_portal", host=host, sample=SAMPLE)
    if steps[0].lower() != "rest":
        raise UsageError("webhook_is_a_page", host=host, sample=SAMPLE)
    rest = steps[2:] if len(steps) > 1 and steps[1].lower() == "api" else steps[1:]
    if not rest or not rest[0].isdigit():
        # The portal takes an address without the user's id for the name of a method: "Method not found!".
        raise UsageError("webhook_without_user", host=host, sample=SAMPLE)
    if len(rest) < 2:
        raise UsageError("webhook_without_secret", host=host, sample=SAMPLE)
    if HIDDEN in rest[1] or not _SECRET.fullmatch(rest[1]):
        raise UsageError("webhook_bad_secret", host=host, sample=SAMPLE)
    return rest[0], rest[1]
