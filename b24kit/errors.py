"""Everything that can go wrong, as one tree. An error carries a code and facts; wording is chosen at the edge (`i18n`).

    B24kitError
    ├── UsageError            you can fix it: a wrong argument, playbook or setting          exit 64
    ├── Refused               a guard said no before anything was written                   exit 5
    │   └── PlanStale         the portal or the plan moved on since it was reviewed          exit 4
    ├── PortalError           the portal answered, and the answer is a refusal               exit 1
    │   ├── NotAllowed        wrong secret, missing scope or right, tariff
    │   ├── NotFound          the object is not there
    │   ├── TooFast           the request counter is full (503) or the portal is overloaded
    │   ├── MethodPaused      the method's running-time budget is used up (429)
    │   └── PortalMoved       the portal lives at another address now (302)
    ├── Unsettled             no answer, or one that cannot be read: the outcome is unknown  exit 3
    │   ├── NoAnswer          the connection broke or timed out
    │   └── BadAnswer         HTML, truncated JSON, an empty body, a wrong shape
    ├── PartlyDone            the run ended, some clusters failed; it can be resumed         exit 3
    └── Stopped               the run window or a limit ended the run in order               exit 6

Codes are the keys of the catalogues in `b24kit/i18n`: `error.<code>` is what happened, `next.<code>` what to type next.
"""

from __future__ import annotations

from typing import ClassVar


class B24kitError(Exception):
    """`code` names the sentence in the catalogues, `facts` fill its gaps. Facts never hold a secret."""

    exit_code: ClassVar[int] = 1

    def __init__(self, code: str, /, **facts: object) -> None:
        super().__init__(code, facts)
        self.code = code
        self.facts = facts

    def __str__(self) -> str:
        told = ", ".join(f"{name}={value}" for name, value in self.facts.items())
        return f"{self.code}: {told}" if told else self.code


class UsageError(B24kitError):
    exit_code = 64


class Refused(B24kitError):
    exit_code = 5


class PlanStale(Refused):
    exit_code = 4


class PortalError(B24kitError):
    """The portal's own words stand in `facts["said"]`, its code in `facts["vendor_code"]`."""


class NotAllowed(PortalError):
    exit_code = 5


class NotFound(PortalError):
    pass


class TooFast(PortalError):
    pass


class MethodPaused(PortalError):
    pass


class PortalMoved(PortalError):
    pass


class Unsettled(B24kitError):
    exit_code = 3


class NoAnswer(Unsettled):
    """`facts["sent"]` is False when the request surely never reached the portal: then it may be repeated."""


class BadAnswer(Unsettled):
    pass


class PartlyDone(B24kitError):
    exit_code = 3


class Stopped(B24kitError):
    exit_code = 6
