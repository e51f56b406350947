"""The portal's error codes as errors of ours, and which of them say that the command was surely not executed.

Rests on the vendor's pages "System Errors", "REST API Limits" and on the classes of the official SDKs. Codes come in
any case; many classic methods send an empty code and only a text, so a few stable texts are known as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from b24kit.errors import B24kitError, BadAnswer, MethodPaused, NotAllowed, NotFound, PortalError, TooFast

SHOWN = 300  # characters of the portal's own words that an error carries


@dataclass(frozen=True, slots=True)
class Fault:
    """What a vendor code means: the class to raise and the code of our sentence."""

    kind: type[B24kitError]
    code: str


_TOO_FAST = Fault(TooFast, "too_fast")
_PAUSED = Fault(MethodPaused, "method_paused")
_BROKE = Fault(BadAnswer, "portal_broke")
_NOT_FOUND = Fault(NotFound, "not_found")

# Every system code that the vendor documents or that its SDKs know, in lower case.
FAULTS: dict[str, Fault] = {
    "query_limit_exceeded": _TOO_FAST,
    "operation_time_limit": _PAUSED,
    "overload_limit": Fault(NotAllowed, "portal_blocked_by_vendor"),
    # The method may have done its work before it broke: nobody knows.
    "internal_server_error": _BROKE,
    "error_unexpected_answer": _BROKE,
    "wrong_encoding": _BROKE,
    "expired_token": Fault(NotAllowed, "token_expired"),
    "invalid_token": Fault(NotAllowed, "token_unknown"),
    "no_auth_found": Fault(NotAllowed, "wrong_secret"),
    "invalid_credentials": Fault(NotAllowed, "wrong_secret"),
    "authorization_error": Fault(NotAllowed, "user_deactivated"),
    "error_oauth": Fault(NotAllowed, "application_missing"),
    "application_not_found": Fault(NotAllowed, "application_missing"),
    "method_confirm_waiting": Fault(NotAllowed, "waits_for_administrator"),
    "method_confirm_denied": Fault(NotAllowed, "denied_by_administrator"),
    "insufficient_scope": Fault(NotAllowed, "missing_scope"),
    "user_access_error": Fault(NotAllowed, "no_access_to_application"),
    "access_denied": Fault(NotAllowed, "access_denied"),
    "wrong_auth_type": Fault(NotAllowed, "wrong_kind_of_access"),
    "allowed_only_intranet_user": Fault(NotAllowed, "only_employees"),
    "payment_required": Fault(NotAllowed, "plan_ended"),
    "portal_deleted": Fault(NotAllowed, "portal_deleted"),
    "invalid_request": Fault(NotAllowed, "https_required"),
    "error_method_not_found": Fault(NotAllowed, "method_missing"),
    "error_manifest_is_not_available": Fault(NotAllowed, "method_missing"),
    "error_batch_method_not_allowed": Fault(NotAllowed, "not_in_batch"),
    "error_batch_length_exceeded": Fault(PortalError, "batch_too_long"),
    "error_argument": Fault(PortalError, "wrong_argument"),
    "invalid_arg_value": Fault(PortalError, "wrong_argument"),
    "max_import_batch_size_exceeded": Fault(PortalError, "import_too_long"),
    "max_types_count_exceeded": Fault(PortalError, "too_many_types"),
    "not_found": _NOT_FOUND,
    "error_not_found": _NOT_FOUND,
}

# With an empty or numeric code only the text tells; these are stable and not translated.
_TEXTS: tuple[tuple[str, Fault], ...] = (
    ("not found", _NOT_FOUND),
    ("access denied", Fault(NotAllowed, "access_denied")),
)

# "The portal did not execute this": it may be repeated, whatever it was.
REPEATABLE = frozenset({"query_limit_exceeded", "operation_time_limit"})
# Inside a batch these say that a command broke in the middle.
BROKEN = frozenset(code for code, fault in FAULTS.items() if fault is _BROKE)


def code_of(told: Mapping[str, Any]) -> str:
    """The vendor's code of an error answer: text, number or nothing."""
    code = told.get("error")
    return "" if code is None else str(code)


def words_of(told: Mapping[str, Any]) -> str:
    """The vendor's sentence, short enough for a message."""
    return " ".join(str(told.get("error_description") or "").split())[:SHOWN]


def fault(told: Mapping[str, Any], method: str, status: int = 0) -> B24kitError:
    """The error of ours for an error answer (`error`, `error_description`) of a method."""
    code, said = code_of(told), words_of(told)
    found = FAULTS.get(code.lower()) or _by_text(code, said) or _by_status(status)
    return found.kind(found.code, method=method, vendor_code=code, said=said)


def _by_text(code: str, said: str) -> Fault | None:
    if code and not code.isdigit():
        return None
    return next((fault for text, fault in _TEXTS if text in said.lower()), None)


def _by_status(status: int) -> Fault:
    """An unknown code: the status still tells a counter that is full or a portal that broke."""
    if status == 429:
        return _PAUSED
    if status >= 500:
        return _BROKE
    return Fault(PortalError, "refused_by_portal")
