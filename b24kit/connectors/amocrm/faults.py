"""What an answer of amoCRM says, as errors of ours. The HTTP status decides, and whether `validation-errors` are there;
texts are translated by the vendor and are only shown.

Rests on the vendor's pages "Error codes" and "Recommendations", and on Kommo's page "HTTP status code".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from b24kit.connectors.amocrm.transport import Reply
from b24kit.errors import B24kitError, BadAnswer, NotAllowed, NotFound, PortalError, TooFast

SHOWN = 300
LONGEST_WAIT = 900.0  # seconds: what a `retry_after` may ask of us


@dataclass(frozen=True, slots=True)
class Refusal:
    """One entry of `validation-errors`: the element it is about ("" when the vendor does not tell) and why."""

    element: str
    code: str
    said: str


def check(reply: Reply, method: str) -> None:
    """Raise what an answer of 300 or more says; a 2xx that is no JSON is no answer either.

    TooFast carries `retry_after`, a refusal of values carries `refusals`, every error its `status`.
    """
    if reply.status < 300:
        if reply.page:
            raise BadAnswer("html_answer", method=method, status=reply.status, said=reply.said)
        return
    raise fault(reply, method)


def fault(reply: Reply, method: str) -> B24kitError:
    """The error of ours for an answer of 300 or more."""
    facts: dict[str, Any] = {"method": method, "status": reply.status, "vendor_code": str(reply.status)}
    facts["said"] = words_of(reply)
    if reply.status == 429:
        return TooFast("amo_too_fast", **facts, retry_after=retry_after(reply))
    if reply.status == 401:
        return NotAllowed("amo_token_refused", **facts)
    if reply.status == 402:
        return NotAllowed("plan_ended", **facts)
    if reply.status == 403:
        # A block of the account comes from the server in front of the API, as a web page.
        return NotAllowed("amo_account_blocked" if reply.page or reply.body is None else "access_denied", **facts)
    if reply.status == 400:
        return _bad_request(reply, facts)
    if reply.status in (404, 405) and reply.page:
        return BadAnswer("html_answer", **facts)  # the web server's, not the API's: nobody knows
    if reply.status == 404:
        return NotFound("not_found", **facts)
    if reply.status == 405:
        return NotAllowed("method_missing", **facts)
    if reply.status >= 500:
        return BadAnswer("portal_broke", **facts)
    return PortalError("refused_by_portal", **facts)


def refusals_of(body: Any) -> list[Refusal]:
    """What `validation-errors` of a 400 tell, one entry for each error of each element."""
    found = []
    listed = body.get("validation-errors") if isinstance(body, Mapping) else None
    for entry in listed if isinstance(listed, list) else []:
        if not isinstance(entry, Mapping):
            continue
        element = "" if entry.get("request_id") is None else str(entry["request_id"])
        errors = entry.get("errors")
        for error in errors if isinstance(errors, list) else []:
            path, detail = str(error.get("path") or ""), str(error.get("detail") or "")
            found.append(Refusal(element, str(error.get("code") or "refused"), f"{path}: {detail}"[:SHOWN]))
        if not errors:
            found.append(Refusal(element, "refused", ""))
    return found


def retry_after(reply: Reply) -> float:
    """Seconds that a 429 asks for, told in its body; 1 where it tells none."""
    told = reply.body.get("retry_after") if isinstance(reply.body, Mapping) else None
    if isinstance(told, int | float) and not isinstance(told, bool):
        return min(LONGEST_WAIT, max(1.0, float(told)))
    return 1.0


def words_of(reply: Reply) -> str:
    """The vendor's sentence, short enough for a message."""
    if not isinstance(reply.body, Mapping):
        return reply.said
    told = [str(reply.body.get(name) or "") for name in ("detail", "title")]
    told += [f"{refusal.code} {refusal.said}" for refusal in refusals_of(reply.body)[:3]]
    return " ".join(" ".join(dict.fromkeys(filter(None, told))).split())[:SHOWN]


def _bad_request(reply: Reply, facts: dict[str, Any]) -> B24kitError:
    refusals = refusals_of(reply.body)
    if refusals:
        facts["vendor_code"] = refusals[0].code
        return PortalError("amo_values_refused", **facts, refusals=tuple(refusals))
    # Without validation-errors it is not the caller's mistake: the pages ask to send the request again.
    return BadAnswer("amo_stumbled", **facts)
