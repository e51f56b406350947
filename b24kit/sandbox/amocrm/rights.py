"""Who may change the account's order: administrators, and nobody else."""

from __future__ import annotations

from b24kit.sandbox.amocrm.registry import Call, Problem


def require_admin(call: Call) -> None:
    """Refuse a token of somebody who is no administrator, in the vendor's words."""
    row = call.store["user"].get(call.user_id)
    if row is not None and not row.get("is_admin"):
        raise Problem(403, "Forbidden", title="Forbidden")
