"""Files of a fake portal: kept once in table `file`, named by letters and comments, fetched as the vendor's disk does.

Rests on the pages "disk.file.get" (DOWNLOAD_URL carries the authorization) and "crm.activity.add" (`fileData`).
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as BadBase64
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from b24kit.sandbox.bitrix24 import moments
from b24kit.sandbox.bitrix24.people import full_name
from b24kit.sandbox.bitrix24.registry import Answer, Call, FakePortal, Fault, method
from b24kit.sandbox.bitrix24.values import whole
from b24kit.sandbox.store import Row

_TOKEN = "disk|"


@method("disk.file.get", scope="disk")
def file_get(call: Call) -> Answer:
    """disk.file.get: the parameters of a file with the address it can be fetched from."""
    if call.param("id") is None:
        raise Fault("ERROR_ARGUMENT", "Invalid value of parameter {Parameter #0}")
    file_id = whole(call.param("id"))
    row = call.portal.store["file"].get(file_id)
    if row is None:
        raise Fault("ERROR_NOT_FOUND", f"Could not find entity with id `{file_id}`")
    address = f"https://{call.portal.domain}/rest/download.json?token={quote(_TOKEN + str(file_id))}"
    return Answer(
        {
            "ID": str(file_id),
            "NAME": row["NAME"],
            "TYPE": "file",
            "DELETED_TYPE": "0",
            "SIZE": str(row["SIZE"]),
            "CREATE_TIME": moments.shown(call.portal, row["CREATED"]),
            "CREATED_BY": str(row["AUTHOR_ID"]),
            "DOWNLOAD_URL": address,
        }
    )


def fetched(portal: FakePortal, token: str) -> bytes | None:
    """The content behind a download address; None for a token that opens nothing."""
    row = portal.store["file"].get(whole(token.removeprefix(_TOKEN))) if token.startswith(_TOKEN) else None
    return None if row is None else b64decode(row["CONTENT"])


def keep(portal: FakePortal, name: str, content: bytes, author: int) -> int:
    """Store a file; gives its id."""
    row: Row = {"NAME": name, "SIZE": len(content), "CONTENT": b64encode(content).decode(), "AUTHOR_ID": author}
    return portal.store["file"].add({**row, "CREATED": moments.now(portal)})


def taken_in(portal: FakePortal, given: Any, author: int) -> list[int]:
    """Store what a client sent as files (`[[name, base64]]`, `[{fileData: [name, base64]}]`); their ids."""
    return [keep(portal, name, content, author) for name, content in _sent(given)]


def as_activity_shows(portal: FakePortal, ids: list[int]) -> list[Row]:
    """FILES of crm.activity.list: ids and addresses, no names."""
    return [{"id": i, "url": f"https://{portal.domain}/disk/downloadFile/{i}/?auth="} for i in ids]


def as_comment_shows(portal: FakePortal, ids: list[int]) -> Row:
    """FILES of crm.timeline.comment.list: a map by place; the number on the disk stands in the addresses alone."""
    kept = [i for i in ids if i in portal.store["file"].rows]
    return {str(place): _described(portal, i, place) for place, i in enumerate(kept, 1)}


def _described(portal: FakePortal, file_id: int, place: int) -> Row:
    row = portal.store["file"].rows[file_id]
    return {
        "id": place,
        "date": moments.shown(portal, row["CREATED"]),
        "type": "file",
        "name": row["NAME"],
        "size": row["SIZE"],
        "authorId": row["AUTHOR_ID"],
        "authorName": full_name(portal, row["AUTHOR_ID"]),
        "urlDownload": f"https://{portal.domain}/disk/downloadFile/{file_id}/?&ncc=1&filename={quote(row['NAME'])}",
    }


def _sent(given: Any) -> Iterator[tuple[str, bytes]]:
    listed = given.values() if isinstance(given, Mapping) else given if isinstance(given, list) else ()
    for one in listed:
        pair = one.get("fileData") if isinstance(one, Mapping) and "fileData" in one else one
        pair = list(pair.values()) if isinstance(pair, Mapping) else pair
        if isinstance(pair, list | tuple) and len(pair) == 2:
            try:
                yield str(pair[0]), b64decode(str(pair[1]), validate=True)
            except BadBase64:
                raise Fault("INVALID_ARG_VALUE", "File content is not base64") from None
