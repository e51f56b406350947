"""From changes of rows to what the portal tells outside: messages to handlers, rows of the offline queue.

Rests on the vendor's pages "Events", "Offline Events" and "Safe Event Handlers": a message carries only ids, comes
ONCE and is never repeated, and goes by `application_token`. An own write with `auth_connector` is not queued for the
binding of the same connector.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlencode

from b24kit.sandbox.bitrix24 import offline
from b24kit.sandbox.bitrix24.access import Doors
from b24kit.sandbox.bitrix24.applications import ACCESS_SECONDS, MEMBER_ID, Application
from b24kit.sandbox.bitrix24.event_names import EVENT_TEST, ROBOT_RUN, event_of
from b24kit.sandbox.bitrix24.registry import FakePortal
from b24kit.sandbox.delivery import Delivery
from b24kit.sandbox.posting import Parcel
from b24kit.sandbox.store import Row, Trace
from b24kit.sandbox.wireform import pairs

HEADERS = {"User-Agent": "Bitrix24 Webhook Engine", "Content-Type": "application/x-www-form-urlencoded"}
_SERVER = "https://oauth.bitrix.info/rest/"
BY_HAND = 1_000_000  # numbers of outgoing webhooks begin here, so that they are no handler's of an application


class Announcer:
    """Tells of what happened. `user_id` 0: nobody in person did it, so a message carries no tokens."""

    def __init__(self, portal: FakePortal, doors: Doors, delivery: Delivery) -> None:
        self._portal, self._doors, self._delivery = portal, doors, delivery

    def tell(self, traces: Iterable[Trace], user_id: int = 0, connector: str = "") -> None:
        """Messages and queue rows for these changes, in their order."""
        for trace in traces:
            event = event_of(trace)
            if event is not None:
                self._tell(event, trace, user_id, connector)
            elif trace.action == "add" and trace.table == ROBOT_RUN:
                self._run_robot(self._portal.store[ROBOT_RUN].rows[trace.row_id])
            elif trace.action == "add" and trace.table == EVENT_TEST:
                self._test(self._portal.store[EVENT_TEST].rows[trace.row_id])

    def installed(self, application: Application) -> None:
        """ONAPPINSTALL to the installation address, with the first pair of tokens ("Installation callback")."""
        if not application.install_url or application.interface:
            return
        pair = self._doors.grants.give_pair(application.client_id, application.user_id)
        data = {"VERSION": "1", "ACTIVE": "Y", "INSTALLED": "Y", "LANGUAGE_ID": "ru"}
        auth = self._auth(application.token) | self._tokens(application, pair) | {"refresh_token": pair["REFRESH"]}
        body = {"event": "ONAPPINSTALL", "data": data, "ts": self._ts(), "auth": auth}
        self._delivery.send([self._parcel(0, application.install_url, "ONAPPINSTALL", application.client_id, body)])

    def _auth_for(self, application: Application, user_id: int) -> dict[str, Any]:
        """`auth` of a message of this application, with tokens of the person when there is one."""
        told = self._auth(application.token)
        if user_id:
            told |= self._tokens(application, self._doors.grants.for_event(application.client_id, user_id))
        return told

    def _test(self, row: Row) -> None:
        """ONAPPTEST to the application's own handlers."""
        for number, handler in self._handlers("ONAPPTEST"):
            if handler["APP"] == row["APP"] and handler["OFFLINE"] == "N":
                self._send(number, handler, "ONAPPTEST", {"QUERY": row["QUERY"]}, "test", 0)

    def _run_robot(self, run: Row) -> None:
        """What an application's robot sends when a card reaches it (the shape is that of the vendor's SDKs)."""
        robot = self._portal.store["app_robot"].get(run["ROBOT"])
        application = None if robot is None else self._doors.application(robot["APP"])
        if robot is None or application is None:
            return
        body: dict[str, Any] = {
            "workflow_id": run["WORKFLOW"],
            "code": robot["CODE"],
            "document_id": run["DOCUMENT_ID"],
        }
        body |= {"document_type": run["DOCUMENT_TYPE"], "event_token": run["TOKEN"], "properties": run["PROPERTIES"]}
        body |= {"use_subscription": "Y" if run["WAITS"] else "N", "timeout_duration": "0", "ts": self._ts()}
        body["auth"] = self._auth_for(application, int(robot.get("AUTH_USER_ID") or application.user_id))
        subject = str(run["DOCUMENT_ID"][2])
        self._delivery.send([self._parcel(0, robot["HANDLER"], f"robot {robot['CODE']}", subject, body)])

    def _tell(self, event: str, trace: Trace, user_id: int, connector: str) -> None:
        data = data_of(event, trace)
        subject = f"{trace.table} {trace.row_id}"
        queued = False
        for number, row in self._handlers(event):
            if row["OFFLINE"] == "N":
                self._send(number, row, event, data, subject, user_id)
            elif not connector or row["CONNECTOR"] != connector:
                offline.put(self._portal, row["APP"], row["CONNECTOR"], event, data)
                queued = True
        for place, hook in enumerate(self._doors.outgoing):
            if event in hook.events:
                body = {"event": event, "event_handler_id": str(BY_HAND + place), "data": data, "ts": self._ts()}
                body["auth"] = self._auth(hook.token, reduced=True)
                self._delivery.send([self._parcel(BY_HAND + place, hook.url, event, subject, body)])
        if queued:
            self._ring()

    def _ring(self) -> None:
        """ONOFFLINEEVENT: a handler that asked for it hears that rows wait; its `data` is empty."""
        for number, row in self._handlers("ONOFFLINEEVENT"):
            application = self._doors.application(row["APP"])
            if application is not None and offline.may_ring(self._portal, number, row):
                self._send(number, row, "ONOFFLINEEVENT", {}, "queue", application.user_id)

    def _handlers(self, event: str) -> Iterator[tuple[int, Row]]:
        table = self._portal.store["handler"]
        for number in table.find("EVENT", event):
            row = table.rows[number]
            application = self._doors.application(row["APP"])
            if application is not None and application.finished:
                yield number, row

    def _send(self, number: int, row: Row, event: str, data: dict[str, Any], subject: str, user_id: int) -> None:
        application = self._doors.application(row["APP"])
        assert application is not None
        person = int(row["AUTH_TYPE"]) or user_id
        body = {"event": event, "event_handler_id": str(number), "data": data, "ts": self._ts()}
        body["auth"] = self._auth_for(application, person)
        self._delivery.send([self._parcel(number, row["HANDLER"], event, subject, body)])

    def _auth(self, token: str, *, reduced: bool = False) -> dict[str, Any]:
        domain = self._portal.domain
        told = {"domain": domain, "client_endpoint": f"https://{domain}/rest/", "server_endpoint": _SERVER}
        told |= {"member_id": MEMBER_ID, "application_token": token}
        return told if reduced else told | {"status": "L"}

    @staticmethod
    def _tokens(application: Application, pair: Row) -> dict[str, Any]:
        scopes = ",".join(application.scopes)
        return {"access_token": pair["ACCESS"], "expires_in": str(ACCESS_SECONDS), "scope": scopes}

    def _ts(self) -> str:
        return str(int(self._portal.now().timestamp()))

    @staticmethod
    def _parcel(hook: int, url: str, event: str, subject: str, body: dict[str, Any]) -> Parcel:
        return Parcel(hook, url, event, subject, urlencode(list(pairs(body))).encode(), HEADERS)


def data_of(event: str, trace: Trace) -> dict[str, Any]:
    """`data` of an event: ids and nothing else; tasks tell before and after apart."""
    row_id = str(trace.row_id)
    if not event.startswith("ONTASK"):
        return {"FIELDS": {"ID": row_id}}
    before = "undefined" if trace.action == "add" else {"ID": row_id}
    after = "undefined" if trace.action == "delete" else {"ID": row_id}
    accessible = {"IS_ACCESSIBLE_BEFORE": "N", "IS_ACCESSIBLE_AFTER": "undefined"}
    return {"FIELDS_BEFORE": before, "FIELDS_AFTER": after, **accessible}
