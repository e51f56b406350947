"""Every documented code of the vendor is an error with a name and sentences in both languages."""

from __future__ import annotations

import pytest

from b24kit.connectors.bitrix24.faults import BROKEN, FAULTS, REPEATABLE, fault
from b24kit.errors import BadAnswer, MethodPaused, NotAllowed, NotFound, PortalError, TooFast
from b24kit.i18n import has

# _includes/system-errors.md, limits.md, and the classes of the official Python SDK.
DOCUMENTED = [
    "QUERY_LIMIT_EXCEEDED",
    "OVERLOAD_LIMIT",
    "OPERATION_TIME_LIMIT",
    "INTERNAL_SERVER_ERROR",
    "ERROR_UNEXPECTED_ANSWER",
    "expired_token",
    "invalid_token",
    "NO_AUTH_FOUND",
    "authorization_error",
    "ERROR_OAUTH",
    "APPLICATION_NOT_FOUND",
    "METHOD_CONFIRM_WAITING",
    "METHOD_CONFIRM_DENIED",
    "INVALID_CREDENTIALS",
    "insufficient_scope",
    "user_access_error",
    "ACCESS_DENIED",
    "WRONG_AUTH_TYPE",
    "PAYMENT_REQUIRED",
    "ERROR_METHOD_NOT_FOUND",
    "ERROR_MANIFEST_IS_NOT_AVAILABLE",
    "PORTAL_DELETED",
    "ERROR_BATCH_METHOD_NOT_ALLOWED",
    "ERROR_BATCH_LENGTH_EXCEEDED",
    "INVALID_REQUEST",
    "ERROR_ARGUMENT",
    "WRONG_ENCODING",
    "allowed_only_intranet_user",
]


@pytest.mark.parametrize("code", DOCUMENTED)
def test_each_documented_code_has_an_error_of_its_own_whatever_its_case(code: str) -> None:
    for spelled in (code, code.lower(), code.upper()):
        raised = fault({"error": spelled, "error_description": "said"}, "crm.lead.add", 400)
        assert raised.code != "refused_by_portal"
        assert raised.facts["vendor_code"] == spelled and raised.facts["said"] == "said"


@pytest.mark.parametrize("code", sorted({fault.code for fault in FAULTS.values()} | {"refused_by_portal"}))
@pytest.mark.parametrize("lang", ["ru", "en"])
def test_each_of_our_codes_has_its_sentences(code: str, lang: str) -> None:
    assert has(f"error.{code}", lang) and has(f"next.{code}", lang)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("code", "said", "status", "kind"),
    [
        ("", "Not found", 400, NotFound),
        ("", "Lead is not found<br>", 400, NotFound),
        ("0", "Access denied!", 400, NotAllowed),
        (100, "Could not find value for parameter {id}", 400, PortalError),
        ("", "No fields to update.", 400, PortalError),
        ("NEW_CODE", "?", 429, MethodPaused),
        ("NEW_CODE", "?", 500, BadAnswer),
        ("QUERY_LIMIT_EXCEEDED", "Too many requests", 200, TooFast),
    ],
)
def test_without_a_known_code_text_and_status_tell(code: str | int, said: str, status: int, kind: type) -> None:
    assert type(fault({"error": code, "error_description": said}, "x", status)) is kind


def test_only_refusals_for_speed_may_be_repeated() -> None:
    assert {"query_limit_exceeded", "operation_time_limit"} == REPEATABLE
    assert not REPEATABLE & BROKEN


def test_a_long_text_of_the_portal_is_cut() -> None:
    assert len(str(fault({"error": "", "error_description": "a<br>" * 999}, "x").facts["said"])) <= 300
