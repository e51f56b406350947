"""Who follows a lead: read only.

Rests on the vendor's page "Subscriptions of entities". Nobody can subscribe through a documented method, so the one
follower that an account gives of its own accord is the person responsible.
"""

from __future__ import annotations

from b24kit.sandbox.amocrm.registry import NOTHING, Answer, Call, Problem, route
from b24kit.sandbox.amocrm.wire import dictionary


@route("GET", "/leads/{id}/subscriptions")
def subscriptions(call: Call) -> Answer:
    """The followers of a lead; 404 for a lead that is not there, 204 when nobody follows it."""
    row = call.row("leads")
    if row is None or row.get("state") == "deleted":
        raise Problem(404, "Entity not found")
    owner = row.get("responsible_user_id")
    if not owner:
        return NOTHING
    return dictionary(call, "subscriptions", [owner], lambda user: {"subscriber_id": user, "type": "user"}, paging=True)
