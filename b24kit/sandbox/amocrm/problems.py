"""Refusals that many handlers share, in the vendor's shape: one bad element refuses the whole request.

Rests on the vendor's page "Error codes" and on bodies met on live accounts; codes and paths are what clients may
branch on, texts are not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from b24kit.sandbox.amocrm.registry import Problem

MOST = 250  # elements of one write


class Wrong(Exception):
    """One element's fault: `code`, the dotted `path` into the element, and a text."""

    def __init__(self, code: str, path: str, detail: str) -> None:
        super().__init__(f"{code} at {path}")
        self.code, self.path, self.detail = code, path, detail

    def told(self) -> dict[str, str]:
        """As it stands in `validation-errors`."""
        return {"code": self.code, "path": self.path, "detail": self.detail}


def no_choice(path: str) -> Wrong:
    """An id, an enum or a colour that the account does not know."""
    return Wrong("NotSupportedChoice", path, "The value you selected is not a valid choice.")


def not_expected(path: str) -> Wrong:
    """A key that may not be written."""
    return Wrong("FieldNotExpected", path, "This field was not expected.")


def missing(path: str) -> Wrong:
    """A required key that is not there."""
    return Wrong("FieldMissing", path, "This field is missing.")


def wrong_type(path: str, wanted: str) -> Wrong:
    """A value of another JSON type."""
    return Wrong("InvalidType", path, f"This value should be of type {wanted}.")


def invalid(errors: list[dict[str, Any]]) -> Problem:
    """The 400 that carries validation errors."""
    return Problem(400, "Request validation failed", title="Bad Request", errors=errors)


def invalid_one(wrong: Wrong, request_id: str = "0") -> Problem:
    """The same for a request with one element."""
    return invalid([{"request_id": request_id, "errors": [wrong.told()]}])


def elements(body: Any) -> list[dict[str, Any]]:
    """The elements of a batch write; a Problem for an empty body, another shape or more than 250 of them."""
    if body in (None, [], {}, ""):
        raise Problem(400, "Request data can not be empty", title="Bad Request")
    if not isinstance(body, list):
        raise invalid([{"errors": [wrong_type("", "array").told()]}])
    if len(body) > MOST:
        raise Problem(422, f"Limit {MOST} per page", title="Unprocessable Entity")
    if not all(isinstance(one, dict) for one in body):
        raise invalid([{"errors": [wrong_type("0", "array").told()]}])
    return body


def single(body: Any) -> dict[str, Any]:
    """The object of a write to one address; a Problem for an empty body or another shape."""
    if body in (None, [], {}, ""):
        raise Problem(400, "Request data can not be empty", title="Bad Request")
    if not isinstance(body, dict):
        raise invalid([{"errors": [wrong_type("", "object").told()]}])
    return body


def request_ids(items: Sequence[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each element with the name it is answered under: its own, else its place as a text."""
    for place, item in enumerate(items):
        own = item.get("request_id")
        yield (str(place) if own is None else str(own)), item


def checked(items: Sequence[dict[str, Any]], check: Callable[[dict[str, Any]], list[Wrong]]) -> None:
    """Look at all elements before any is written; a Problem that names every fault of every element."""
    told = [
        {"request_id": name, "errors": [wrong.told() for wrong in found]}
        for name, item in request_ids(items)
        if (found := check(item))
    ]
    if told:
        raise invalid(told)
