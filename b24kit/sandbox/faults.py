"""Faults that the sandbox does on purpose, and when: by chance from a seed, by number, or a few times.

A rule is data (the control API takes a list of them); whether it strikes is decided here, what it does to a request is
the business of `bitrix24/exchange.py` and of the connections.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from hashlib import blake2b
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from b24kit.sandbox.workload import is_write

Kind = Literal[
    "busy",  # 503 QUERY_LIMIT_EXCEEDED
    "overload",  # 503 OVERLOAD_LIMIT, the vendor's manual block
    "time_limit",  # 429 OPERATION_TIME_LIMIT
    "internal",  # 500 INTERNAL_SERVER_ERROR
    "html",  # a page of the web server instead of JSON, `status` 502 or 403
    "moved",  # 302 to `location`: the portal was renamed
    "truncated",  # half of the JSON, as a complete answer
    "empty",  # 200 without a body
    "cut_before",  # the connection is dropped silently, before any work
    "cut_during",  # ... in the middle of the work of command number `at`
    "cut_after",  # ... when everything is done, instead of the answer
    "unpaid",  # amoCRM: 402, as it flaps around midnight
    "hiccup",  # amoCRM: 400 "try again" without validation errors
    "refuse",  # one command is refused with `code`, `text` and `status`; the others of its batch go on
    "churn",  # living portal: after every Nth page of leads one lead vanishes and one is born
]
BEFORE_WORK: Collection[str] = (
    *("busy", "overload", "time_limit", "internal", "html", "moved", "cut_before"),
    *("unpaid", "hiccup"),
)
AFTER_WORK: Collection[str] = ("internal", "html", "truncated", "empty", "cut_after")


class FaultRule(BaseModel):
    """One kind of fault and its conditions. All given conditions must hold; none given means every time.

    Requests (for `refuse` commands, for `churn` pages of leads) are numbered from 1, counting only those that the
    filters `writes_only` and `methods` let through.
    """

    model_config = ConfigDict(extra="forbid")
    kind: Kind
    probability: float | None = Field(default=None, ge=0, le=1)
    seed: int = 1
    numbers: list[int] | None = None
    every: int | None = Field(default=None, ge=1)
    count: int | None = Field(default=None, ge=0)  # strikes at most so many times
    writes_only: bool = False
    methods: list[str] | None = None
    webhook: str | None = None  # only requests through this webhook (`w1`)
    after_work: bool = False  # internal, html: the work is done all the same
    at: int | None = Field(default=None, ge=0)  # cut_during: the command during whose work it happens; else drawn
    commit_delay: float | tuple[float, float] | None = None  # cuts: work not done yet commits so many seconds later
    status: int = 0  # html: 502 unless given; refuse: 400
    code: str = "ERROR_CORE"
    text: str = "Refused by the sandbox"
    retry_after: float = 1  # busy on amoCRM: seconds told in the body
    location: str = "https://moved.b24kit.invalid"


class Strike:
    """A fault that fell on one request, with the chances that belong to it."""

    def __init__(self, rule: FaultRule, number: int) -> None:
        self.rule, self.number = rule, number

    @property
    def kind(self) -> Kind:
        """What it does."""
        return self.rule.kind

    def comes_before_work(self) -> bool:
        """Whether it strikes in place of the work."""
        return self.kind in BEFORE_WORK and not self.rule.after_work

    def comes_after_work(self) -> bool:
        """Whether it strikes in place of the answer."""
        return self.kind in AFTER_WORK and (self.kind not in BEFORE_WORK or self.rule.after_work)

    def cut_at(self, commands: int) -> int | None:
        """The number of the command in whose work the connection is cut, or None."""
        if self.kind != "cut_during" or not commands:
            return None
        drawn = int(draw(self.rule.seed, "at", self.number) * commands)
        return min(drawn if self.rule.at is None else self.rule.at, commands - 1)

    def commit_delay(self) -> float | None:
        """Portal seconds from the cut to the late commit of what was not done yet; None when it is never done."""
        delay = self.rule.commit_delay
        if isinstance(delay, tuple):
            low, high = delay
            return low + (high - low) * draw(self.rule.seed, "delay", self.number)
        return delay


class Faults:
    """All rules in force, each with its own counts."""

    def __init__(self, rules: list[FaultRule]) -> None:
        self.rules = rules
        self._seen = [0] * len(rules)
        self._struck = [0] * len(rules)

    def on_request(self, methods: Collection[str], webhook: str) -> Strike | None:
        """The first fault that falls on a request with these commands (lower case)."""
        return self._first(methods, webhook, lambda kind: kind not in ("refuse", "churn"))

    def on_command(self, method: str, webhook: str) -> Strike | None:
        """The first fault that refuses this command (lower case)."""
        return self._first((method,), webhook, lambda kind: kind == "refuse")

    def on_page(self, method: str, webhook: str) -> Strike | None:
        """Whether the table lives on after this page of leads."""
        return self._first((method,), webhook, lambda kind: kind == "churn")

    def told(self) -> list[dict[str, Any]]:
        """The rules with what became of them, for the control API."""
        return [
            rule.model_dump(exclude_defaults=True) | {"seen": seen, "struck": struck}
            for rule, seen, struck in zip(self.rules, self._seen, self._struck, strict=True)
        ]

    def _first(self, methods: Collection[str], webhook: str, fits: Any) -> Strike | None:
        struck: Strike | None = None
        for number, rule in enumerate(self.rules):
            if not fits(rule.kind) or not concerns(rule, methods, webhook):
                continue
            self._seen[number] += 1
            if struck is None and self._falls(rule, number):
                self._struck[number] += 1
                struck = Strike(rule, self._seen[number])
        return struck

    def _falls(self, rule: FaultRule, number: int) -> bool:
        seen = self._seen[number]
        return (
            (rule.count is None or self._struck[number] < rule.count)
            and (rule.numbers is None or seen in rule.numbers)
            and (rule.every is None or seen % rule.every == 0)
            and (rule.probability is None or draw(rule.seed, rule.kind, seen) < rule.probability)
        )


def concerns(rule: FaultRule, methods: Collection[str], webhook: str) -> bool:
    """Whether a request with these commands is one that the rule counts."""
    if rule.webhook is not None and rule.webhook != webhook:
        return False
    if rule.writes_only and not any(is_write(method) for method in methods):
        return False
    return rule.methods is None or any(method in {name.lower() for name in rule.methods} for method in methods)


def draw(seed: int, what: str, number: int) -> float:
    """A number in [0, 1) that depends on nothing but its arguments: runs with one seed draw alike."""
    digest = blake2b(f"{seed}/{what}/{number}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def rules(given: list[Mapping[str, Any]]) -> list[FaultRule]:
    """Rules from plain data; raises pydantic's ValidationError that names what is wrong."""
    return [FaultRule.model_validate(rule) for rule in given]
