"""E-mail addresses as keys: one mailbox, however it was written. The raw text always stays on the card.

What providers do with dots, hyphens and plus tags is common knowledge rather than a documented contract, so each rule
can be switched off; at unknown hosts only the case is folded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

GITHUB_NOREPLY = "users.noreply.github.com"

_YANDEX = frozenset({"yandex.ru", "yandex.com", "yandex.by", "yandex.kz", "yandex.ua", "ya.ru", "narod.ru"})
_GMAIL = frozenset({"gmail.com", "googlemail.com"})
_MAIL_RU = frozenset({"mail.ru", "bk.ru", "inbox.ru", "list.ru", "internet.ru"})  # five different mailboxes
_TAGGED = "outlook.com hotmail.com live.com icloud.com me.com fastmail.com fastmail.fm proton.me protonmail.com pm.me"
_PLUS_TAGS = frozenset(_TAGGED.split())
_ADDRESS = re.compile(r"[^\s@<>(),;:\"'\[\]]+@[^\s@<>(),;:\"'\[\]/]+")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?")
_PRIVATE_ZONES = frozenset({"localhost", "local", "localdomain", "lan", "internal", "invalid", "home", "corp"})


@dataclass(frozen=True, slots=True)
class Aliases:
    """Which providers' own spellings of one mailbox are believed; all by default."""

    yandex: bool = True
    gmail: bool = True
    mail_ru: bool = True
    plus_tags: bool = True


ALL_ALIASES = Aliases()


def addresses_in(text: str) -> tuple[str, ...]:
    """Everything that looks like an address in a field, in order, as written; broken ones included.

    >>> addresses_in("Anna <a@firm.example>; mailto:b@firm.example")
    ('a@firm.example', 'b@firm.example')
    """
    return tuple(found.strip(".-") for found in _ADDRESS.findall(text.replace("mailto:", " ")))


@lru_cache(maxsize=65536)
def canonical(raw: str, aliases: Aliases = ALL_ALIASES) -> str | None:
    """The one spelling of a mailbox, or None when the text is not exactly one address of the public mail system.

    >>> canonical("Ivan.Petrov+expo@GoogleMail.com")
    'ivanpetrov@gmail.com'
    >>> canonical("root@localhost") is None
    True
    """
    found = addresses_in(raw)
    return canonical_of(found[0], aliases) if len(found) == 1 else None


def canonical_of(found: str, aliases: Aliases = ALL_ALIASES) -> str | None:
    """The same for a text that `addresses_in` found to be one address."""
    local, _, domain = found.lower().rpartition("@")
    host = _host(domain)
    if not host or not local:
        return None
    return _known_provider(local, host, aliases)


def split_address(address: str) -> tuple[str, str]:
    """Mailbox name and domain of a canonical address."""
    local, _, domain = address.rpartition("@")
    return local, domain


@lru_cache(maxsize=65536)
def _host(domain: str) -> str | None:
    """A public host name in ASCII (IDN as punycode), None for local names and things that are no host."""
    try:
        host = domain.strip(".").encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None
    labels = host.split(".")
    if len(labels) < 2 or labels[-1] in _PRIVATE_ZONES or labels[-1].isdigit():
        return None
    return host if all(_LABEL.fullmatch(label) for label in labels) else None


def _known_provider(local: str, host: str, aliases: Aliases) -> str | None:
    if host == GITHUB_NOREPLY:
        return f"{local.rpartition('+')[2]}@{host}"
    if host in _GMAIL and aliases.gmail:
        return _box(_without_tag(local, aliases).replace(".", ""), "gmail.com")
    if host in _YANDEX and aliases.yandex:
        return _box(_without_tag(local, aliases).replace("-", "."), "yandex.ru")
    if host in _PLUS_TAGS or host in _GMAIL or host in _YANDEX or (host in _MAIL_RU and aliases.mail_ru):
        return _box(_without_tag(local, aliases), host)
    return f"{local}@{host}"


def _without_tag(local: str, aliases: Aliases) -> str:
    return local.partition("+")[0] if aliases.plus_tags else local


def _box(local: str, host: str) -> str | None:
    return f"{local}@{host}" if local else None
