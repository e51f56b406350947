"""What answers say: by status and by the presence of validation errors, never by texts."""

from __future__ import annotations

from typing import Any

import pytest

from b24kit.connectors.amocrm.faults import check, fault, refusals_of
from b24kit.connectors.amocrm.transport import Reply
from b24kit.errors import B24kitError, BadAnswer, NotAllowed, NotFound, PortalError, TooFast

REFUSED = {
    "validation-errors": [
        {"request_id": "3", "errors": [{"code": "NotSupportedChoice", "path": "status_id", "detail": "no"}]}
    ],
    "title": "Bad Request",
    "status": 400,
    "detail": "Request validation failed",
}  # fmt: skip


@pytest.mark.parametrize(
    ("status", "body", "page", "kind", "code"),
    [
        (400, REFUSED, False, PortalError, "amo_values_refused"),
        (400, {"detail": "System error, try again"}, False, BadAnswer, "amo_stumbled"),
        (401, {"detail": "no"}, False, NotAllowed, "amo_token_refused"),
        (402, None, False, NotAllowed, "plan_ended"),
        (403, {"detail": "Invalid scope"}, False, NotAllowed, "access_denied"),
        (403, None, True, NotAllowed, "amo_account_blocked"),
        (404, {"detail": "gone"}, False, NotFound, "not_found"),
        (404, None, True, BadAnswer, "html_answer"),
        (405, None, False, NotAllowed, "method_missing"),
        (422, {"detail": "Limit 250 per page"}, False, PortalError, "refused_by_portal"),
        (429, {"retry_after": 300}, False, TooFast, "amo_too_fast"),
        (504, None, True, BadAnswer, "portal_broke"),
    ],
)
def test_an_answer_becomes_its_error(status: int, body: Any, page: bool, kind: type[B24kitError], code: str) -> None:
    found = fault(Reply(status, body, page=page), "GET /leads")
    assert type(found) is kind and found.code == code


def test_a_refusal_names_its_element_and_why() -> None:
    (refusal,) = refusals_of(REFUSED)
    assert fault(Reply(400, REFUSED), "PATCH /leads").facts["refusals"] == (refusal,)
    assert (refusal.element, refusal.code, refusal.said) == ("3", "NotSupportedChoice", "status_id: no")


@pytest.mark.parametrize(("told", "seconds"), [(300, 300), (0, 1), (None, 1), ("soon", 1), (99999, 900)])
def test_how_long_to_wait_stands_in_the_body(told: Any, seconds: float) -> None:
    assert fault(Reply(429, {"retry_after": told}), "GET /leads").facts["retry_after"] == seconds


def test_a_page_in_place_of_data_is_no_answer() -> None:
    with pytest.raises(BadAnswer):
        check(Reply(200, None, page=True), "GET /leads")
    check(Reply(204, None), "GET /leads")
