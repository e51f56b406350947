"""The `time` block of answers, written as JSON text, since a batch carries fifty of them."""

from __future__ import annotations

from b24kit.sandbox.bitrix24 import values
from b24kit.sandbox.bitrix24.site import Site
from b24kit.sandbox.limits import RequestMeter
from b24kit.sandbox.phpjson import dumps


def block(site: Site, meter: RequestMeter, method: str, begun: float, ended: float) -> str:
    """`time` of a call of a method (lower case) from one portal second to another.

    `operating` is the running total that includes this call; a portal without the limit shows neither of its keys
    (the vendor's page "REST API Limits").
    """
    first, last = site.clock.at(begun), site.clock.at(ended)
    zone = values.zone(values.offset_of(site.portal))
    shown = [dumps(moment.astimezone(zone).isoformat(timespec="seconds")) for moment in (first, last)]
    text = (
        f'{{"start":{first.timestamp():.6f},"finish":{last.timestamp():.6f},"duration":{ended - begun:.6f},'
        f'"processing":{ended - begun:.6f},"date_start":{shown[0]},"date_finish":{shown[1]}'
    )
    operating = meter.shown(method, site.clock.elapsed())
    if operating is None:
        return text + "}"
    seconds, reset_at = operating
    reset = int(site.clock.at(reset_at).timestamp())
    return f'{text},"operating_reset_at":{reset},"operating":{round(seconds, 6) or 0}}}'
