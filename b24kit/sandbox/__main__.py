"""`python -m b24kit.sandbox`: a fake portal in the foreground, with the switches that a person wants."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from b24kit.sandbox.amocrm.integrations import integrations
from b24kit.sandbox.clock import Mode
from b24kit.sandbox.server import Sandbox, SandboxOptions, serve
from b24kit.sandbox.vendors import vendor_of


def parser() -> argparse.ArgumentParser:
    """The switches; each names what it does to the portal."""
    made = argparse.ArgumentParser(
        prog="b24kit sandbox", description="A fake Bitrix24 or amoCRM portal on this machine."
    )
    made.add_argument("--vendor", default="bitrix24", choices=["bitrix24", "amocrm"])
    made.add_argument("--host", default="127.0.0.1")
    made.add_argument("--port", type=int, default=8024)
    made.add_argument("--tls", action="store_true", help="HTTPS with a certificate authority of its own")
    made.add_argument("--ca-file", type=Path, help="write the authority's certificate here")
    made.add_argument("--store", type=Path, help="SQLite file that keeps the portal between starts")
    made.add_argument("--seed", default="company", choices=["company", "empty"], help="what the portal starts with")
    made.add_argument(
        "--leads", type=Path, help="a CSV of letters (plain or .gz) to load as stuck e-mail leads, or a number of leads"
    )
    made.add_argument("--dataset", type=Path, help="the vendor's dataset.json to start from")
    made.add_argument("--leads-count", type=int, default=500, help="size of the generated company")
    made.add_argument(
        "--seed-number", type=int, default=7, help="which generated company: the same number, the same one"
    )
    made.add_argument(
        "--unsorted", type=float, help="amoCRM: the share of inquiries that nobody accepted yet, from 0 to 1"
    )
    made.add_argument("--truth", type=Path, help="write what only the generator knows about its leads to this file")
    made.add_argument("--clock", type=clock, default=("real", 1.0), help="real, fast:FACTOR or moved")
    made.add_argument("--limits", default="vendor", choices=["vendor", "off"])
    made.add_argument("--latency", type=float, default=0.0, help="seconds a request")
    made.add_argument("--new-connection", type=float, default=0.0, help="seconds more for a new connection")
    made.add_argument("--work", default="{}", help="JSON, or a file of it: seconds of work by method")
    made.add_argument("--workers", type=int, help="commands that the portal works on at once")
    return made


def clock(text: str) -> tuple[Mode, float]:
    """`fast:60` -> the mode and its factor."""
    name, _, factor = text.partition(":")
    if name not in ("real", "fast", "moved") or (factor and name != "fast"):
        raise argparse.ArgumentTypeError("real, fast:FACTOR or moved")
    return cast(Mode, name), float(factor or 60)


def options(given: argparse.Namespace) -> SandboxOptions:
    """Command line -> options of the server."""
    mode, factor = given.clock
    work = given.work if given.work.lstrip().startswith("{") else Path(given.work).read_text(encoding="utf-8")
    manners: dict[str, Any] = dict(vendor_of(given.vendor).off) if given.limits == "off" else {}
    manners |= {"latency": given.latency, "new_connection": given.new_connection, "work": json.loads(work)}
    return SandboxOptions(
        vendor=given.vendor,
        host=given.host, port=given.port, tls=given.tls, ca_file=given.ca_file, store=given.store, seed=seed(given),
        clock=mode, factor=factor, manners=manners | {"workers": given.workers},
    )  # fmt: skip


def seed(given: argparse.Namespace) -> dict[str, Any]:
    """The seed's spec out of the switches that name one."""
    share = {} if given.unsorted is None else {"unsorted": given.unsorted}
    number = str(given.leads) if given.leads else ""
    if number and not number.isdecimal():
        return {"kind": "leads", "path": number} | share
    if given.dataset:
        return {"kind": "dataset", "path": str(given.dataset)}
    count = int(number) if number else given.leads_count
    return {"kind": given.seed} | (
        {"leads": count, "seed": given.seed_number} | share if given.seed == "company" else {}
    )


def keep_truth(box: Sandbox, path: Path) -> None:
    """Write the seed's truth beside the portal, for judges; no part of the product ever reads it."""
    truth = box.site.portal.store.aside("truth") or {}
    path.write_text(json.dumps(truth, ensure_ascii=False, indent=1), encoding="utf-8")


def announcement(given: argparse.Namespace) -> Callable[[Sandbox], None]:
    """What happens once the portal is up: its truth is kept where the switches say so, and its address is shown."""

    def up(box: Sandbox) -> None:
        if given.truth is not None:
            keep_truth(box, given.truth)
        announce(box)

    return up


def announce(box: Sandbox) -> None:
    """Say where the portal is; here secrets are shown on purpose, since they open nothing but this."""
    print(f"Portal:  {box.url}")
    if box.options.vendor == "amocrm":
        for token in box.tokens:
            print(f"Token:   {token}")
        for one in integrations(box.site.portal):
            print(f"OAuth:   {box.url}/oauth?client_id={one.client_id}")
            print(f"         secret {one.client_secret}, back to {one.redirect_uri}")
    for url in box.webhook_urls:
        print(f"Webhook: {url}")
    print(f"Control: {box.url}/_sandbox/   (Ctrl+C ends it)", flush=True)


def main() -> int:
    """Serve until Ctrl+C; 1 when the address or a file cannot be had."""
    given = parser().parse_args()
    try:
        serve(options(given), announcement(given))
    except (OSError, ValueError) as error:
        print(f"b24kit sandbox: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
