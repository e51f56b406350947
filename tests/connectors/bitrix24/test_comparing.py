"""Whether a card stands as wanted, in the vendor's spelling of things."""

from typing import Any

import pytest

from b24kit.connectors.bitrix24.comparing import as_wanted


@pytest.mark.parametrize(
    ("present", "wanted", "holds"),
    [
        ({"stage": "JUNK", "owner": "5"}, {"stage": "JUNK"}, True),
        ({"stage": "NEW"}, {"stage": "JUNK"}, False),
        ({"amount": "100.00"}, {"amount": "100"}, True),
        ({"amount": "100.00"}, {"amount": "101"}, False),
        ({"comment": ""}, {"comment": None}, True),
        ({"extra": {"UF_CRM_A": "1"}}, {"extra": {"UF_CRM_A": 1}}, True),
        ({"extra": {"UF_CRM_A": "x"}}, {"extra": {"UF_CRM_A": "y"}}, False),
        ({"extra": {}}, {"extra": {"UF_CRM_A": None}}, True),
        ({"extra": {"UF_CRM_A": "x"}}, {"extra": {"UF_CRM_A": None}}, False),
        ({"extra": {"UF_CRM_A": [1, 2]}}, {"extra": {"UF_CRM_A": ["2", "1"]}}, True),
        ({"extra": {"LEAD_ID": "12"}}, {"lead": "12"}, True),
        ({"companies": ["3", "4"]}, {"companies": ["4", "3"]}, True),
        ({"name": {"first": "Ann", "last": "", "middle": ""}}, {"name": {"first": "Ann"}}, True),
        (
            {"points": [{"kind": "email", "value": "a", "use": "work", "id": "1"}]},
            {"points": [{"kind": "email", "value": "a", "use": "work", "id": None}]},
            True,
        ),
    ],
)
def test_values_are_compared_by_what_they_mean(present: dict[str, Any], wanted: dict[str, Any], holds: bool) -> None:
    assert as_wanted(present, wanted) is holds
