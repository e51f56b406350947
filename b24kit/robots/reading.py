"""A request's body, as far as it may be read: never longer than allowed, never waited for without an end."""

from __future__ import annotations

from starlette.requests import Request

BODY_SECONDS = 10.0


async def read_body(request: Request, most: int) -> bytes | None:
    """The body, None as soon as it is longer than `most` bytes."""
    told = request.headers.get("content-length", "")
    if told.isascii() and told.isdigit() and int(told[:12]) > most:
        return None
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            return None
        parts.append(part)
    return b"".join(parts)
