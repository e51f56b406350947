"""Whether a machine wrote: bounces, answering machines, newsletters and notices, by headers, subject and body.

Headers come first: Auto-Submitted (RFC 3834), List-Id (RFC 2919), List-Unsubscribe (RFC 2369), Precedence, delivery
reports (RFC 3464). Bodies decide only where a person would not write so, and never against a question.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from b24kit.letters.sender import Sender
from b24kit.matching import addresses, domains

Headers = Mapping[str, str]  # names in lower case

_BOUNCE_SUBJECT = re.compile(
    r"undeliver|returned mail|returning message|delivery (status|failure|has failed|incomplete|problem)|mail delivery|"
    r"failure notice|message (not delivered|could not be delivered)|не (было )?доставлен|недоставлен|недоставк|"
    r"ошибка доставки|"
    r"возвращено отправителю|возврат (письма|почты)|сообщение не может быть доставлено|не удалось доставить|"
    r"статус доставки",
    re.IGNORECASE,
)
_BOUNCE_BODY = re.compile(
    r"\b5\d\d[ -]5\.\d\.\d|\b5\.[1-7]\.\d{1,2}\b|\b55\d\b.{0,40}(user|mailbox|recipient|unknown|no such)|user "
    r"unknown|mailbox "
    r"(unavailable|full|not found)|no such user|recipient address rejected|permanent (fatal )?error|"
    r"(адресат|пользовател|получател|ящик)\w* (не (найден|существует)|переполнен)|почтовый ящик \S+ не существует",
    re.IGNORECASE,
)
_AUTO_SUBJECT = re.compile(
    r"^\W*(?:re\s*:\s*)?(автоответ|автоматический ответ|out[ -]of[ -](the )?office|ooo\b|auto(matic)?[ -]?(reply|"
    r"response)|"
    r"auto:|в отпуске|я в отпуске|отсутствую|отсутствие|нет на месте|on (vacation|leave|holiday))",
    re.IGNORECASE,
)
_TICKET = re.compile(
    r"[\[(#№]\s*(?:ticket|id|тикет|заявка|обращение|sd|req|case)?[\s:#№-]*\d{3,}|(ticket|обращени\w*|заявк\w*) "
    r"[#№]?\s?\d+",
    re.I,
)
_AWAY = re.compile(
    r"\bв (ежегодном |очередном |декретном |учебном |отпуске|командировке|отъезде)|(ухожу|ушла?|уходим) в отпуск|"
    r"на больничном|нетрудоспособн|отсутству(ю|ет|ем) (на рабочем|в офисе|на работе|по|с \d|до \d)|буд(у|ем) "
    r"отсутствовать|"
    r"(out of|away from) (the |my )?office|on (annual |maternity |parental |sick |paid )?(leave|vacation|holiday)|"
    r"больше не работа(ю|ет)|no longer (work|with|employed)|(ограничен\w* доступ|доступ\w* ограничен\w*|limited "
    r"access) (к|to) |"
    r"вернусь (в офис |на работу )?\d|выйду на работу|приступлю к работе",
    re.IGNORECASE,
)
_ACKNOWLEDGED = re.compile(
    r"ваш\w* (письмо|обращение|сообщение|запрос|заявка|вопрос) (успешно )?(получен|принят|зарегистрирован|поступил|"
    r"доставлен|"
    r"передан)\w*|мы получили ваш\w* |(спасибо|благодарим) (вас )?за (ваш\w* )?(обращение|письмо|сообщение|"
    r"интерес)[^?]{0,120}"
    r"(ответим|свяж|рассмотр|обработ)|это автоматическ\w+ (ответ|сообщение|письмо)|your (message|request|e-?mail|"
    r"enquiry|inquiry|"
    r"ticket) (has been|was) (received|registered|created)|thank you for (contacting|your (e-?mail|message|enquiry|"
    r"inquiry))|"
    r"this is an automat\w+ (reply|response)|присвоен номер",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"\?|вышлите|пришлите|подскажите|интересует|можно ли|просим вас|прошу (вас )?(прислать|выслать|выставить|сообщить)|"
    r"во вложении|прилагаем|please (send|advise|find)|could you|хотим|хотели бы",
    re.IGNORECASE,
)
_FOOTER = re.compile(
    r"(чтобы|для того,? чтобы) (отписаться|отказаться|больше не получать)|отписаться (от (этой |данной |нашей "
    r")?рассылк|в один|"
    r"можно|нажмите)|^\W*(отписаться|unsubscribe)\W*$|управлять подпис|настро(ить|йки) (подписк|рассылк|уведомлен)|"
    r"вы получили это "
    r"(письмо|сообщение),? (потому|так как|поскольку)|(вы|ваш \w+) подписан\w* на|если (вы )?(больше )?не хотите "
    r"(больше )?получать|"
    r"отказаться от (рассылк|подписк|получения)|you(’|')?( a)?re receiving this|you received this (e-?mail|message) "
    r"because|"
    r"unsubscribe (here|from|at|instantly|\||<|http)|to unsubscribe|opt[ -]out|update (your )?(email )?preferences|"
    r"(view|open|read) (this (e-?mail|message|letter) )?(online|in (your |a )?browser)|(письмо|сообщение) "
    r"(некорректно|не "
    r"отображается|отображается некорректно)|(открыть|посмотреть|прочитать) (письмо )?(в браузере|онлайн|веб-верси)|"
    r"веб-версия|реклама\.? "
    r"erid|(отказаться|отписаться|отписка|отписать|не (присылать|получать|писать)|unsubscribe|opt[ -]?out|"
    r"remove)[^\n]{0,40}https?://|"
    r"(сервис\w*|служб\w*) (e?-?mail.?)?рассыл|(письмо|сообщение) (пришло|отправлено),? (вам,? )?(так как|потому|"
    r"поскольку)",
    re.IGNORECASE | re.MULTILINE,
)
_NOTICE_BODY = re.compile(
    r"(не отвечайте|отвечать не нужно|не требует ответа|не нужно отвечать) ?(на (это|данное))?|(сформирован|"
    r"отправлен|создан|"
    r"сгенерирован)\w* (автоматически|роботом|системой)|автоматическ\w+ (уведомлени|рассылк|сообщени)|(please )?do "
    r"not reply|"
    r"auto-?(matically )?generated|system-generated|unattended mailbox|код подтверждения|одноразовый (код|пароль)",
    re.IGNORECASE,
)
_AUTO_HEADERS = ("x-autoreply", "x-autorespond", "x-autoresponse", "x-auto-reply", "x-mail-autoreply")
_BULK = frozenset({"bulk", "list", "junk"})
_SENT_IN_BULK = (
    *("x-campaign", "x-campaignid", "x-campaign-id", "x-mailgun-tag", "x-mc-user", "x-mailer-sid"),
    *("x-csa-complaints", "feedback-id"),
)
_DAEMONS = ("mailer-daemon", "mailerdaemon", "mail-daemon")


def bounced(from_: Sender, subject: str, headers: Headers, own: str) -> str | None:
    """The sign of a letter that came back: its sender, a delivery report, or words that only a mail server writes."""
    local = addresses.split_address(from_.address.lower())[0]
    if local in _DAEMONS:
        return "mailer_daemon"
    content = headers.get("content-type", "").replace('"', "").lower()
    if "report-type=delivery-status" in content:
        return "report"
    if "x-failed-recipients" in headers:
        return "failed_recipients"
    served = local == "postmaster" or domains.is_robot(local) or headers.get("return-path", "").strip() == "<>"
    told = _BOUNCE_SUBJECT.search(subject) is not None
    if told and (local == "postmaster" or _BOUNCE_BODY.search(own)):
        return "failed_recipients" if local == "postmaster" else "server_words"
    return "server_words" if served and _BOUNCE_BODY.search(own) and not told and local == "postmaster" else None


def auto_reply(from_: Sender, subject: str, headers: Headers, own: str) -> str | None:
    """The sign of an answering machine: a header, the subject, or words of absence that ask nothing back."""
    if headers.get("auto-submitted", "no").lower().startswith("auto-replied"):
        return "auto_submitted"
    if headers.get("precedence", "").lower() == "auto_reply" or any(name in headers for name in _AUTO_HEADERS):
        return "auto_header"
    if _AUTO_SUBJECT.search(subject):
        return "subject"
    return "answer_words" if _answers_by_itself(from_, subject, headers, own) else None


def _answers_by_itself(from_: Sender, subject: str, headers: Headers, own: str) -> bool:
    opening = own[:500]
    away, thanked = _AWAY.search(opening), _ACKNOWLEDGED.search(opening)
    if not (away or thanked) or len(own) > 1200 or _ASKS.search(own):
        return False
    answers = bool(
        headers.get("in-reply-to") or re.match(r"^\W*(re|отв|ответ|aw)\s*(\[\d+\])?\s*:", subject, re.IGNORECASE)
    )
    local = addresses.split_address(from_.address.lower())[0]
    of_many = domains.is_role(local) or domains.is_robot(local)
    return answers or (thanked is not None and (of_many or _TICKET.search(subject) is not None))


def newsletter(headers: Headers, own: str, from_: Sender) -> str | None:
    """The sign of a bulk letter: list headers, a sending service's headers, or a footer that tells how to leave."""
    if headers.get("list-id") or headers.get("list-unsubscribe"):
        return "list_header"
    if headers.get("precedence", "").lower() in _BULK:
        return "precedence"
    footer = _FOOTER.search(own) is not None
    if any(name in headers for name in _SENT_IN_BULK) and footer:
        return "bulk_header"
    domain = addresses.split_address(from_.address.lower())[1]
    linked = "http" in own or "www." in own or "[" in own or len(_FOOTER.findall(own)) > 1
    return "footer" if footer and linked and not domains.is_free_mail(domain) else None


def notice(from_: Sender, headers: Headers, own: str) -> str | None:
    """The sign of a machine's notice: a mailbox that nobody reads, a header, or words that it asks no answer."""
    local, domain = addresses.split_address(from_.address.lower())
    if domains.is_robot(local):
        return "robot"
    if headers.get("auto-submitted", "no").lower().startswith("auto-generated"):
        return "auto_submitted"
    said = _NOTICE_BODY.search(own) is not None and not domains.is_free_mail(domain)
    return "notice_words" if said and not re.search(r"\?", own) else None
