"""Letters that machines write in the generated company: newsletters, notices, answering machines and bounces.

Each text has a key, so that a judge can count by text. They are written as real senders write, headers or none.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from b24kit.sandbox.seeds.organiser import DOMAIN


@dataclass(frozen=True, slots=True)
class Note:
    """A machine's letter to be: `local` and `domain` of its sender, texts with {subject}, {number} and {address}."""

    key: str
    name: str
    local: str
    domain: str
    subject: str
    body: str
    headers: dict[str, str] = field(default_factory=dict)
    unseen: bool = False  # written after the rules that read letters, and no rule was changed for it since


_UNSUBSCRIBE = {"List-Unsubscribe": "<https://promo.example/unsubscribe>", "Precedence": "bulk"}
_AUTO = {"Auto-Submitted": "auto-generated"}
_REPLIED = {"Auto-Submitted": "auto-replied", "X-Autoreply": "yes"}
_REPORT = {"Content-Type": 'multipart/report; report-type="delivery-status"', "Auto-Submitted": "auto-replied"}

NEWSLETTERS = (
    Note("discounts", "Новости отрасли", "news", "promo-rassylka.example", "Скидки недели до 70 %",
         "Если письмо не отображается, откройте его в браузере.", _UNSUBSCRIBE),
    Note("digest", "Дайджест", "digest", "otrasl.example", "Дайджест отрасли: итоги месяца",
         "Главное за месяц.\n\nВы получили это письмо, потому что подписаны на рассылку.", _UNSUBSCRIBE),
    Note("webinar", "Школа HR", "hello", "hr-school.example", "Вебинар для HR завтра",
         "Приглашаем на вебинар.\n\nhttps://hr-school.example/w\n\nОтписаться от рассылки: "
         "https://hr-school.example/u"),
    Note("sale", "Маша из «Принтерры»", "maria", "printerra.example", "Только до пятницы: два по цене одного",
         "<html><head><style>p{color:red}</style></head><body><p>Привет!</p><p>Каталоги и буклеты со скидкой 40%.</p>"
         "<a href='https://printerra.example'>Выбрать</a><hr><small>Не хотите получать наши письма? "
         "<a href='https://printerra.example/off'>Отписаться</a></small></body></html>",
         {"List-Unsubscribe": "<mailto:off@printerra.example>"}),
    Note("saas", "Team Boardly", "team", "boardly.example", "What's new in November",
         "Hi there,\n\nThree new features landed this month.\n\nYou are receiving this email because you signed up at "
         "boardly.example.\nUnsubscribe: https://boardly.example/u", {"Feedback-ID": "77:boardly"}),
    Note("event_promo", "ЭкспоМаркет", "invite", "expomarket.example", "Приглашаем на форум поставщиков",
         "Уважаемые коллеги!\n\nПриглашаем вас посетить форум поставщиков 12 декабря. Вход свободный по регистрации.\n"
         "Программа: https://expomarket.example/forum\n\nС уважением, оргкомитет\n\nЕсли вы не хотите получать наши "
         "приглашения, перейдите по ссылке https://expomarket.example/stop"),
    Note("price_list", "Отдел рассылки", "price", "metizy.example", "Прайс-лист на метизы от 01.11",
         "Здравствуйте!\nНаправляем актуальный прайс-лист. Скачать: https://metizy.example/price.xlsx\n\nЧтобы "
         "больше не "
         "получать прайс, ответьте словом СТОП.", {"Precedence": "bulk"}),
    Note("association", "Ассоциация организаторов", "members", "assoc-expo.example", "[assoc] Протокол собрания",
         "Коллеги, протокол во вложении.", {"List-Id": "<members.assoc-expo.example>"}),
    Note("gallery", "Галерея мероприятий", "hello", "gallery-events.example", "Осенняя подборка площадок",
         "Собрали десять залов до 200 мест.\nСмотреть: https://gallery-events.example/10\n\nПисьмо пришло, так как "
         "вы оставляли "
         "контакты на выставке. Отказаться: https://gallery-events.example/no"),
    Note("headhunt", "Кадры24", "vip", "kadry24.example", "Кандидаты недели по вашему профилю",
         "Пять резюме внутри.", {"List-Unsubscribe-Post": "List-Unsubscribe=One-Click", "List-Unsubscribe": "<https://kadry24.example/u>"},
         unseen=True),
    Note("supplier", "Типография на Лесной", "manager", "lesnaya-print.example", "Печать каталогов: цены декабря",
         "Добрый день! Предлагаем печать каталогов от 90 рублей. Действует до 31 декабря.\n\nСообщение отправлено "
         "сервисом "
         "рассылок SendBox. Больше не присылать: https://sendbox.example/x", {"X-Mailer": "SendBox 4"}),
    Note("club", "Клуб бухгалтеров", "club", "buhklub.example", "Три ошибки в отчёте за квартал",
         "<p>Разбираем на примерах.</p><p><a href='https://buhklub.example/r'>Читать</a></p><p "
         "style='font-size:9px'>Рассылка для "
         "участников клуба. <a href='https://buhklub.example/out'>Выйти из списка</a></p>", unseen=True),
    Note("travel", "Авиа-Бонус", "bonus", "avia-bonus.example", "Мили сгорают через неделю", "Потратьте 1200 миль до "
    "воскресенья.",
         {"List-Id": "bonus <bonus.avia-bonus.example>", "Precedence": "list"}, unseen=True),
)  # fmt: skip
NOTICES = (
    Note("statement", "", "noreply", "bank.example", "Выписка по счёту № {number}",
         "Не отвечайте на это письмо.", _AUTO),
    Note("order", "", "no-reply", "market.example", "Ваш заказ принят № {number}",
         "Не отвечайте на это письмо.", _AUTO),
    Note("signed", "", "robot", "edo-service.example", "Документ подписан в ЭДО № {number}",
         "Документ подписан контрагентом. Откройте его в личном кабинете.", _AUTO),
    Note("password", "Служба безопасности", "security", "hosting.example", "Изменён пароль",
         "Пароль вашей учётной записи изменён.\nПисьмо сформировано автоматически, отвечать на него не нужно."),
    Note("delivery", "Доставка «Курьер+»", "track", "kurier-plus.example", "Отправление {number} прибыло в пункт "
    "выдачи",
         "Срок хранения 7 дней. Код получения: 4417.\n\nЭто автоматическое уведомление."),
    Note("invoice_paid", "Billing", "billing", "cloudhost.example", "Payment received for invoice {number}",
         "Thank you for your payment.\n\nThis message was automatically generated, please do not reply.", _AUTO),
    Note("calendar", "Google Календарь", "calendar-notification", "calendar.example", "Напоминание: планёрка в 10:00",
         "Вы получили это уведомление по настройкам календаря.", _AUTO),
    Note("tax", "Личный кабинет", "info", "lk-nalog.example", "Поступило новое сообщение в личный кабинет",
         "В ваш личный кабинет поступил документ № {number}. Подробности доступны после входа.", _AUTO),
    Note("backup", "backup", "root", "srv2.example", "Backup finished: 0 errors", "Job {number} finished in 00:14:02."),
    Note("domain", "Регистратор", "support", "reg-domain.example", "Срок регистрации домена истекает",
         "До окончания регистрации осталось 30 дней. Продлите домен в личном кабинете.", unseen=True),
    Note("task", "Трекер", "notify", "tracker.example", "[TRK-{number}] Статус изменён на «Готово»",
         "Исполнитель изменил статус задачи.", {"X-Auto-Response-Suppress": "All"}, unseen=True),
    Note("login", "Почта", "security-noreply", "post.example", "Вход с нового устройства",
         "Если это были не вы, смените пароль.", unseen=True),
)  # fmt: skip
AWAY = (
    Note("vacation", "", "", "", "Автоответ: {subject}",
         "Я в отпуске до понедельника. По срочным вопросам обращайтесь к коллегам.", _REPLIED),
    Note("office", "", "", "", "Out of office: {subject}", "I am out of office with limited access to "
    "e-mail.", _REPLIED),
    Note("exchange", "", "", "", "Автоматический ответ: {subject}",
         "Добрый день!\nСпасибо за Ваше письмо. Меня не будет в офисе с 1 по 14 число.",
         {"X-Auto-Response-Suppress": "All"}),
    Note("plain_vacation", "", "", "", "Re: {subject}",
         "Здравствуйте!\n\nНахожусь в ежегодном отпуске по 15-е число включительно. На время моего отсутствия пишите "
         "на "
         "общий адрес отдела.\n\nС уважением", {"In-Reply-To": f"<answer.1@{DOMAIN}>"}),
    Note("left_company", "", "", "", "Re: {subject}",
         "Добрый день. Сотрудник больше не работает в компании, его обязанности переданы отделу закупок.",
         {"In-Reply-To": f"<answer.2@{DOMAIN}>"}),
    Note("ticket", "", "", "", "[#{number}] {subject}",
         "Ваше обращение зарегистрировано. Мы ответим в течение одного рабочего дня.\nНе меняйте тему письма.",
         {"Auto-Submitted": "auto-replied"}),
    Note("maternity", "", "", "", "Automatic reply: {subject}",
         "Hello, I am on maternity leave until spring. Please write to my colleagues.",
         {"Auto-Submitted": "auto-replied"}),
    Note("trip", "", "", "", "RE: {subject}",
         "Коллеги, до 20-го я в командировке, почту смотрю вечером. Отвечу по возвращении.",
         {"In-Reply-To": f"<answer.3@{DOMAIN}>", "X-Autoreply": "yes"}),
    Note("sick", "", "", "", "Re: {subject}", "Добрый день! На больничном до конца недели, отвечу позже."),
    Note("holiday_office", "", "", "", "Автоматически: {subject}",
         "Наш офис закрыт на праздничные дни до 9 января. Ваше письмо будет прочитано в первый рабочий день.",
         {"Auto-Submitted": "auto-replied"}, unseen=True),
    Note("new_address", "", "", "", "Re: {subject}",
         "Этот адрес больше не используется. Пожалуйста, пишите на новый адрес, он есть на нашем сайте.",
         {"X-Autoreply": "yes"}, unseen=True),
    Note("english_trip", "", "", "", "Re: {subject}",
         "Hi, I am travelling this week with patchy internet. Expect delays.",
         {"Auto-Submitted": "auto-replied (vacation)"},
         unseen=True),
)  # fmt: skip
BOUNCES = (
    Note("postfix", "Mail Delivery System", "MAILER-DAEMON", f"mx.{DOMAIN}", "Undelivered Mail Returned to Sender",
         "The following address had permanent fatal errors:\n<{address}>\n550 5.1.1 User unknown", _REPORT),
    Note("exchange_ru", "Microsoft Outlook", "postmaster", "alfa-post.example", "Не удается доставить: Счёт",
         "Не удалось выполнить доставку следующим получателям: {address}. Почтовый ящик не найден.", _REPORT),
    Note("google", "Mail Delivery Subsystem", "mailer-daemon", "googlemail.com", "Delivery Status Notification "
    "(Failure)",
         "Address not found\nYour message wasn't delivered to {address} because the address couldn't be found.",
         {"X-Failed-Recipients": "{address}"}),
    Note("mail_ru", "", "mailer-daemon", "corp.mail.ru", "Mail failure.",
         "Это письмо создано автоматически сервером Mail.Ru. Ваше сообщение для {address} не доставлено: 550 no such "
         "user."),
    Note("qmail", "", "postmaster", "relay2.example", "failure notice",
         "Hi. This is the qmail-send program.\n<{address}>: Sorry, no mailbox here by that name. (#5.1.1)"),
    Note("delayed", "Почтовая служба", "mail-daemon", "mx1.example", "Письмо задерживается",
         "Сообщение для {address} пока не доставлено. Попытки будут повторяться ещё 48 часов."),
    Note("full_box", "System Administrator", "postmaster", "firma-mail.example", "Недоставленное: Договор",
         "Ящик получателя {address} переполнен. 552 5.2.2"),
    Note("spam", "Mail Delivery System", "mailer-daemon", "mx3.example", "Message rejected", "Message to {address} "
    "was rejected as "
         "spam by recipient's filter.", unseen=True),
    Note("exim", "Mail Delivery System", "Mailer-Daemon", "host77.example", "Mail delivery failed: returning message "
    "to sender",
         "A message that you sent could not be delivered: {address} all hosts have been failing for a long "
         "time", unseen=True),
    Note("policy", "Служба доставки", "postmaster", "corp-gate.example", "Письмо отклонено политикой безопасности",
         "Получатель {address}: вложение запрещено.",
         {"Content-Type": "multipart/report; report-type=delivery-status"}, unseen=True),
)  # fmt: skip
