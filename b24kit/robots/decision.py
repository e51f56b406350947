"""What rules answer: actions with keys that make them happen once, the moment to look again, and why.

A key is "<rule>/<card kind>:<id>/<occasion>"; the occasion is a fact of the portal (the moment of entry to a stage, the
number of an attempt), never the wall clock, so deciding twice on the same facts gives the same keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from b24kit.change.operation import Reason
from b24kit.crm.refs import Ref


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing to do to `card`; `values` by kind, all of them JSON, stages by the portal's own codes:

    assign {owner, with_contact: the client's fresh contact goes along}; move {stage};
    fill {fields: {code: value}}; comment {text, place: on another card than this one}; notice {user, text};
    task {title, text, owner, deadline (ISO, with zone)}; finish {task: a to-do of ours, as "todo:55"};
    close {stage, reason, fields, text};
    take_in {how: accept | link | decline, uid, and stage, owner | card, contact};
    open_card {ladder, stage, title, owner, fields, linked (the old card as "lead:812")};
    message {channel: email | message, subject, text, sender (a user, None: nobody)}: put into the outbox, done once it
    has left from there.
    """

    kind: str
    key: str
    card: Ref
    values: Mapping[str, Any]
    reason: Reason


@dataclass(frozen=True, slots=True)
class Decision:
    """Actions in the order to carry them out; `wake` is when facts alone may ask for more, None when they cannot."""

    actions: tuple[Action, ...] = ()
    wake: datetime | None = None
    because: tuple[Reason, ...] = ()
