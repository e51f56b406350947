"""Names in filters are checked before they are sent: the portal widens a list for a name that it does not know."""

from typing import Any

import pytest

from b24kit.connectors.bitrix24.fieldnames import bare, check_filter
from b24kit.errors import UsageError


@pytest.mark.parametrize("key", ["ID", ">ID", ">=ID", "<ID", "<=ID", "!ID", "!=ID", "@ID", "!@ID", "%ID", "!%ID"])
def test_a_comparison_is_taken_off_a_filter_key(key: str) -> None:
    assert bare(key) == "ID"


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("crm.lead.list", {"filter": {"STATUS_IDD": "NEW"}}),
        ("crm.lead.list", {"filter": {">=DATE_MODIFIED": "2026"}}),
        ("crm.lead.list", {"filter": {"stageId": "NEW"}}),
        ("crm.deal.list", {"filter": {"STATUS_ID": "NEW"}}),
        ("crm.deal.list", {"select": ["*", "EMAIL"]}),
        ("crm.contact.list", {"order": {"CREATED": "ASC"}}),
        ("user.get", {"FILTER": {"IS_ADMIN": True}}),
    ],
)
def test_an_unknown_name_never_leaves(method: str, params: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as caught:
        check_filter(method, params)
    assert caught.value.facts["method"] == method


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("crm.lead.list", {"filter": {"@STATUS_ID": ["NEW"], ">=DATE_MODIFY": "x"}, "select": ["*", "UF_*", "EMAIL"]}),
        ("crm.deal.list", {"filter": {"STAGE_SEMANTIC_ID": "P"}, "order": {"ID": "ASC"}}),
        ("user.get", {"sort": "ID", "order": "ASC"}),
        ("crm.category.list", {"entityTypeId": 2}),
    ],
)
def test_known_names_pass(method: str, params: dict[str, Any]) -> None:
    check_filter(method, params)
