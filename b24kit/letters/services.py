"""Services that write for somebody else, by domain and by what they say: site forms, marketplaces, telephony.

The lists name what is common in Russia; a playbook adds its own relays. Words decide only about letters that a machine
or our own site sent, never about a person's.
"""

from __future__ import annotations

import re
from enum import StrEnum

from b24kit.matching import domains


class Service(StrEnum):
    FORM = "form"
    MARKETPLACE = "marketplace"
    TELEPHONY = "telephony"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_DOMAINS = {
    Service.TELEPHONY: _words("""
    mango-office.ru uiscom.ru comagic.ru calltouch.ru callibri.ru zadarma.com novofon.com sipuni.com telphin.ru
    callbackhunter.com megapbx.ru vpbx.ru dom.ru gravitel.ru phonet.com.ua binotel.ua onlinepbx.ru voximplant.com
    """),
    Service.MARKETPLACE: _words("""
    avito.ru auto.ru cian.ru hh.ru superjob.ru profi.ru youdo.com yell.ru zoon.ru flamp.ru 2gis.ru ozon.ru
    wildberries.ru tiu.ru satom.ru pulscen.ru b2b-center.ru all.biz flagma.ru domclick.ru drom.ru
    sbis.ru rts-tender.ru roseltorg.ru zakupki.gov.ru fabrikant.ru blizko.ru regmarkets.ru supl.biz exportcenter.ru
    """),
    Service.FORM: _words("""
    tilda.cc tilda.ws tildacdn.com marquiz.ru marquiz.io typeform.com jotform.com wufoo.com wixforms.com wix.com
    getcourse.ru timepad.ru envybox.io jivosite.com jivo.ru chat2desk.com senler.ru formspree.io formdesigner.ru
    """),
}
KNOWN_RELAYS = frozenset().union(*_DOMAINS.values())

_SAYS = (
    (
        Service.TELEPHONY,
        re.compile(
            r"(пропущенн|входящ|неотвеченн|исходящ|потерянн)\w+ (звон|вызов)|запис\w+ (разговора|звонка|вызова)|"
            r"голосов\w+ "
            r"(сообщен|почт)|(вам|кто-то) звонил|звонок (с|от) |(missed|incoming|lost) call|voice ?mail|call recording|"
            r"виртуальн\w+ (атс|номер)|(абонент|клиент)\w* (звон|не дозвон|не дожд)|не (дозвонил|дождал)\w+ (ся |до "
            r")?(ответ|"
            r"соединен|оператор)|звонок (потерян|пропущен|не принят)|call (from|back)|"
            r"(факс|sms|смс|fax)\w* (с номера|от|from) ",
            re.IGNORECASE,
        ),
    ),
    (
        Service.MARKETPLACE,
        re.compile(
            r"объявлени|покупател|маркетплейс|площадк|(в|к) (закупк|тендер|аукцион)|нов\w+ отзыв|"
            r"отклик\w* (на|по|от)|вопрос (о|по|про) товар|запрос (цен|котиров|"
            r"коммерческ)|спрашива\w+ (о|про) (ваш|товар)|ваш\w* (товар|карточк\w+ товар|магазин)|заказ\w* (через|на|"
            r"с) "
            r"(портал|витрин|сервис|каталог)|new (order|buyer)|buyer|marketplace|your (listing|ad)\b",
            re.IGNORECASE,
        ),
    ),
    (
        Service.FORM,
        re.compile(
            r"(нов(ая|ый|ое)|поступил[аои]?|получен[аоы]?|пришл[аои])\s+(\w+\s+)?(заявк|заказ|обращени|лид\b|"
            r"сообщени|анкет|"
            r"регистраци|запис|запрос)|(заявк|сообщени|обращени|анкет|вопрос|заказ|запис|запрос)\w* (с|из|через|от "
            r"посетител\w*) ?(ваш\w+ )?(сайт|лендинг|форм|страниц|квиз|виджет|чат)|(заказ|запрос).{0,12}обратн\w+ "
            r"(звон|связ)|"
            r"(форм\w+|сообщение) (с сайта|обратной)|обратн\w+ связ|оставил\w* (заявк|контакт|сообщени)|заполнен\w* "
            r"форм|"
            r"new (lead|form|submission|request|message from)|(contact|feedback|callback|order|registration) (form|"
            r"request)|"
            r"form submission|web ?form|сайт\w*: |обратный звонок",
            re.IGNORECASE,
        ),
    ),
)


_ASKED = re.compile(
    r"вопрос|сообщени|отклик|запрос|заявк|заказ|написал|пишет|спрашива|спросил|интересу|question|message|inquiry|"
    r"enquiry|request",
    re.IGNORECASE,
)


def somebody_asks(text: str) -> bool:
    """Whether a service's letter tells of a question or an order, not of the service itself."""
    return _ASKED.search(text) is not None


def service_at(domain: str) -> Service | None:
    """What a known domain serves."""
    owner = domains.registrable(domain) or domain
    return next((service for service, there in _DOMAINS.items() if {domain, owner} & there), None)


def service_said(subject: str, text: str) -> Service | None:
    """What a machine's letter says that it is: its subject first, then how it begins."""
    for said in (subject, text[:700]):
        for service, pattern in _SAYS:
            if pattern.search(said):
                return service
    return None
