"""All route modules of the fake account: importing them is what fills the registry."""

from __future__ import annotations

from b24kit.sandbox.amocrm import account, cards, consent, links, oauth, tags, unsorted, unsorted_add, webhooks

LOADED = (account, cards, consent, links, oauth, tags, unsorted, unsorted_add, webhooks)
