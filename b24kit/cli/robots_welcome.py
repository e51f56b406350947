"""A portal's installation call: its tokens are proven and kept, then its application token proves events."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from b24kit.errors import B24kitError

if TYPE_CHECKING:
    from pathlib import Path

    from b24kit.clock import Clock
    from b24kit.config.hook_secrets import HookSecrets
    from b24kit.connectors.bitrix24.application import Application

MOST = 20  # application tokens of one portal: its application's, and of a few webhooks made by hand
_LENGTH = range(8, 257)


class KnownTokens(Collection[str]):
    """The application tokens of one portal, to which an installation may add one while the receiver listens."""

    def __init__(self, secrets: HookSecrets) -> None:
        self.secrets = secrets

    def __contains__(self, token: object) -> bool:
        return token in self.secrets.tokens

    def __iter__(self) -> Iterator[str]:
        return iter(self.secrets.tokens)

    def __len__(self) -> int:
        return len(self.secrets.tokens)


class Welcome:
    """Takes ONAPPINSTALL of one local application ("Installation callback"). Called in a thread of the receiver."""

    def __init__(self, name: str, access: Application, known: KnownTokens, clock: Clock, state_dir: Path) -> None:
        self._name, self._access, self._known, self._clock, self._state_dir = name, access, known, clock, state_dir

    def __call__(self, form: Mapping[str, Any]) -> bool:
        """Whether the call was our portal's; nothing is kept of one that was not."""
        import os

        from b24kit.connectors.factory import take_installation

        auth = form.get("auth")
        token = auth.get("application_token") if isinstance(auth, Mapping) else None
        if not isinstance(auth, Mapping) or not isinstance(token, str) or len(token) not in _LENGTH:
            return False
        if not token.isascii() or not token.isalnum() or len(self._known) >= MOST:
            return False
        database = os.environ.get("B24KIT_TOKEN_DATABASE")
        try:
            take_installation(self._access, auth, self._clock, state_dir=self._state_dir, database=database)
        except B24kitError:
            return False
        self._remember(token)
        return True

    def _remember(self, token: str) -> None:
        from b24kit.config.hook_secrets import HookSecrets, keep_hook

        if token not in self._known:
            found = HookSecrets(self._known.secrets.path, (*self._known, token))
            keep_hook(self._name, self._access.host, found)
            self._known.secrets = found
