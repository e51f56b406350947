"""All route modules of the fake account: importing them is what fills the registry."""

from __future__ import annotations

from b24kit.sandbox.amocrm import (
    account,
    calls,
    cards,
    complex_add,
    consent,
    custom_fields,
    directories,
    events,
    field_groups,
    links,
    notes,
    oauth,
    people,
    pipelines,
    statuses,
    subscriptions,
    tags,
    tasks,
    unsorted,
    unsorted_add,
    webhooks,
)

LOADED = (
    account, calls, cards, complex_add, consent, custom_fields, directories, events, field_groups, links,
    notes, oauth, people, pipelines, statuses, subscriptions, tags, tasks, unsorted, unsorted_add, webhooks,
)  # fmt: skip
