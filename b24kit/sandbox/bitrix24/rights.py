"""Rights checks that CRM methods share; who administers the portal is `people.py`'s knowledge."""

from __future__ import annotations

from b24kit.sandbox.bitrix24 import people
from b24kit.sandbox.bitrix24.registry import Call, Fault


def require_crm_admin(call: Call) -> None:
    """Refuse a caller who may not change CRM settings, in the words of crm.status.add."""
    if not people.is_admin(call.portal, call.user_id):
        raise Fault("", "Access denied.")
