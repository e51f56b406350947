"""Letters of the generated company in which somebody else speaks for a client: forms, marketplaces, calls, forwards.

In some the client's address stands in Reply-To, in some in the text, in some nowhere: then nobody can tell him.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from b24kit.sandbox.seeds import names
from b24kit.sandbox.seeds.cast import Person
from b24kit.sandbox.seeds.organiser import DOMAIN, Seminar


@dataclass(frozen=True, slots=True)
class Relay:
    """A service's letter: {given}, {surname}, {full}, {email}, {phone}, {company}, {topic}, {number} in its texts."""

    key: str
    kind: str  # form, marketplace, telephony
    name: str
    sender: str
    subject: str
    body: str
    reply_to: bool = False
    unseen: bool = False  # written after the rules that read letters, and no rule was changed for it since

    @property
    def tells_address(self) -> bool:
        return self.reply_to or "{email}" in self.body


RELAYS = (
    Relay("site", "form", "Форма сайта", "noreply@forms-relay.example", f"Новая заявка с сайта {DOMAIN}",
          "Имя: {given} {surname}\nE-mail: {email}\nТелефон: {phone}\nКомпания: {company}\nМероприятие: {topic}"),
    Relay("site_reply", "form", "Форма сайта", "robot@tilda-forms.example", f"Новая заявка с сайта {DOMAIN}",
          "Имя: {given} {surname}\nТелефон: {phone}\nМероприятие: {topic}", reply_to=True),
    Relay("landing", "form", "Лендинг", "no-reply@lead-form.example", "Заявка с лендинга: {topic}",
          "<table><tr><td>Ваше имя</td><td>{full}</td></tr><tr><td>Электронная почта</td><td>{email}</td></tr>"
          "<tr><td>Контактный телефон</td><td>{phone}</td></tr></table>"),
    Relay("wordpress", "form", "Экспо-Стандарт", f"wordpress@{DOMAIN}", "Сообщение через обратную связь «{topic}»",
          "От: {full} <{email}>\nТема: {topic}\n\nСообщение:\nХочу участвовать, пришлите условия.\n\n--\nЭто сообщение "
          "отправлено с сайта.", reply_to=True),
    Relay("quiz", "form", "Marquiz", "no-reply@quiz-service.example", "Посетитель прошёл квиз",
          "Контакты\nИмя — {given}\nEmail — {email}\nНомер телефона — {phone}\n\nОтветы\nСколько участников? 3-5"),
    Relay("chat", "form", "Онлайн-консультант", "notify@chat-widget.example", "{given} оставил(а) сообщение в чате",
          "{given} ({email}) пишет:\n\n«Подскажите, есть ли места?»\n\nТелефон: {phone}\nПочта: {email}"),
    Relay("registration", "form", "Регистрация", "noreply@event-tickets.example", "Зарегистрирован участник: {topic}",
          "Билет № {number}\nФамилия: {surname}\nИмя: {given}\nE-mail участника: {email}\nОрганизация: {company}"),
    Relay("english_form", "form", "Website", "noreply@builder-site.example", "New submission from Contact form",
          "Name: {full}\nEmail address: {email}\nPhone: {phone}\nMessage: Please send the price list."),
    Relay("buyer", "marketplace", "Портал выставок", "noreply@torg-portal.example", "Новое сообщение от покупателя",
          "По вашему объявлению «{topic}» написал покупатель.\nИмя: {full}\nЭлектронная почта: {email}\n"
          "Сообщение: актуально ли предложение?"),
    Relay("tender", "marketplace", "Тендерная площадка", "robot@b2b-zakupki.example", "Запрос цены № {number}",
          "Заказчик: {company}\nКонтактное лицо: {full}\nТелефон: {phone}\nE-mail: {email}\nПредмет: {topic}"),
    Relay("classified", "marketplace", "Доска", "no-reply@doska.example", "Отклик на ваше объявление",
          "{given} спрашивает о вашем предложении. Ответьте в личном кабинете.\nКонтакты скрыты до оплаты тарифа."),
    Relay("catalogue", "marketplace", "Каталог услуг", "lead@katalog-uslug.example", "Вам новый запрос с витрины",
          "Клиент {full}\nпочта: {email}\nтел.: {phone}\nИнтересует: {topic}\n\nНе отвечайте на это письмо."),
    Relay("hidden_buyer", "marketplace", "Маркет мероприятий", "notifications@eventmarket.example",
          "Покупатель задал вопрос о вашей карточке", "Вопрос: сколько стоит участие? Ответьте до 18:00."),
    Relay("missed", "telephony", "АТС", "noreply@virt-ats.example", "Пропущенный звонок с {phone}",
          "Входящий вызов не принят. Номер: {phone}. Время ожидания 00:32."),
    Relay("record", "telephony", "Виртуальная АТС", "robot@cloud-pbx.example", "Запись разговора {number}",
          "Абонент: {phone}\nДлительность: 03:14\nФайл во вложении."),
    Relay("voicemail", "telephony", "Voice", "no-reply@sip-voice.example", "Голосовое сообщение от {phone}",
          "Вам оставили голосовое сообщение. Прослушать: запись во вложении."),
    Relay("tracking", "telephony", "Коллтрекинг", "report@calls-track.example", "Вам звонили: {phone}",
          "Звонивший: {phone}\nИсточник: реклама\nДлительность 00:00, звонок потерян."),
    Relay("callback", "telephony", "Обзвон", "noreply@callhunt.example", "Клиент не дождался соединения",
          "Номер клиента {phone}. Перезвоните как можно скорее."),
    Relay("popup", "form", "Виджет", "no-reply@popup-widget.example", "Собран новый контакт",
          "Имя посетителя: {given}\nТелефон посетителя: {phone}\nE-mail посетителя: {email}\nСтраница: /seminar"),
    Relay("order_form", "form", "Сайт Экспо-Стандарт", f"site@{DOMAIN}", "Бронирование стенда {number}",
          "Организация: {company}\nПредставитель: {full}\nКонтактный e-mail: {email}\nМоб. телефон: "
          "{phone}\nПлощадь: 12 кв. м"),
    Relay("survey", "form", "Опросы", "results@survey-tool.example", "Ответ на опрос «{topic}»",
          "Респондент {full}\nКак с вами связаться: {email}\nОценка: 9 из 10", reply_to=True, unseen=True),
    Relay("lot", "marketplace", "Закупки регионов", "info@zakupki-regions.example", "Приглашение к участию в закупке "
    "{number}",
          "Организатор: {company}\nКонтактное лицо: {full}, {phone}, {email}"),
    Relay("review", "marketplace", "Отзывы о мероприятиях", "no-reply@otzyvy-events.example", "Новый отзыв с вопросом",
          "{given} спрашивает: будет ли повтор?\nОтветить: https://otzyvy-events.example/{number}"),
    Relay("offer", "marketplace", "Биржа", "robot@birzha-uslug.example", "Заказчик выбрал вас: {topic}",
          "Имя заказчика: {full}\nE-mail заказчика: {email}\nБюджет по договорённости", unseen=True),
    Relay("queue", "telephony", "Колл-центр", "noreply@queue-pbx.example", "Отчёт об очереди: 1 потерянный вызов",
          "Номер: {phone}\nОжидание: 01:12", unseen=True),
    Relay("sms", "telephony", "SMS-шлюз", "gate@sms-gate.example", "SMS от {phone}", "Здравствуйте, перезвоните мне"),
    Relay("fax", "telephony", "Факс-сервер", "fax@fax-server.example", "Принят факс с номера {phone}",
          "Страниц: 2. Файл во вложении."),
    Relay("calc", "form", "Калькулятор", "no-reply@calc-tools.example", "Расчёт стоимости для {given}",
          "Клиент рассчитал участие на сайте.\nЗовут: {full}\nПочта для ответа: {email}\nИтог: 48 000", unseen=True),
    Relay("bitrix_form", "form", "CRM-форма", f"crm-form@{DOMAIN}", "Заполнена CRM-форма «Обратная связь»",
          "Имя: {given}\nФамилия: {surname}\nE-mail: {email}\nСогласие: да", unseen=True),
    Relay("auction", "marketplace", "Аукцион", "robot@auction-b2b.example", "Новая ставка по лоту {number}",
          "Участник {company} сделал ставку. Контакты откроются после торгов.", unseen=True),
    Relay("lead_market", "marketplace", "Лид-маркет", "noreply@leadmarket.example", "Покупатель ищет: {topic}",
          "Имя: {full}\nТелефон: {phone}\nEmail: {email}\nЦена лида: 500", unseen=True),
    Relay("dialogue", "telephony", "Речевая аналитика", "noreply@speech-lab.example", "Звонок {number}: клиент "
    "недоволен",
          "Номер клиента: {phone}\nТональность: негатив", unseen=True),
    Relay("forwarding", "telephony", "Оператор связи", "info@mobile-op.example", "Абонент {phone} звонил вам, "
    "телефон был недоступен",
          "Перезвоните ему.", unseen=True),
)  # fmt: skip
# How a colleague passes a client's letter on: {full}, {email}, {subject}, {body}, {date}, {own}.
FORWARDS = {
    "yandex": "Коллеги, ваш клиент.\n\n---------- Пересылаемое сообщение ----------\nОт: {full} <{email}>\nТема: "
    "{subject}\n\n"
    "{body}",
    "gmail": "---------- Forwarded message ---------\nОт: {full} <{email}>\nDate: {date}\nSubject: {subject}\nTo: "
    "<{own}>\n\n\n"
    "{body}",
    "outlook": "Прошу взять в работу.\n\n________________________________\nОт: {full} <{email}>\nОтправлено: "
    "{date}\nКому: {own}\n"
    "Тема: {subject}\n\n{body}",
    "outlook_old": "FYI\n\nFrom: {full} [mailto:{email}]\nSent: {date}\nTo: {own}\nSubject: {subject}\n\n{body}",
    "apple": "> Начало переадресованного сообщения:\n>\n> От: {full} <{email}>\n> Тема: {subject}\n> Дата: {date}\n> "
    "Кому: {own}\n"
    ">\n> {body}",
    "thunderbird": "Посмотрите, пожалуйста.\n\n-------- Перенаправленное сообщение --------\nТема: "
    "\t{subject}\nДата: \t{date}\n"
    "От: \t{full} <{email}>\nКому: \t{own}\n\n{body}",
    "bare": "Переслал мне клиент, разберитесь:\n\n{body}",
    "html": "<div>Передаю.</div><br><blockquote><div>-------- Пересылаемое письмо --------</div><div>От кого: {full} "
    "&lt;{email}&gt;</div><div>Кому: {own}</div><div>Дата: {date}</div><div>Тема: "
    "{subject}</div><br><div>{body}</div></blockquote>",
}
# Written after the rules that read letters, as the texts that are marked so.
UNSEEN_FORWARDS = {
    "mobile": "Отправлено с Android\n\n-----\nОт кого: {full} <{email}>\nКому: {own}\nДата: {date}\nТема: "
    "{subject}\n\n{body}",
    "roundcube": "Коллеги, прошу ответить.\n\n-------- Оригинальное сообщение --------\nТема: {subject}\nДата: "
    "{date}\nОт: {full} "
    "<{email}>\nКому: {own}\n\n{body}",
    "quoted": "Переслано для сведения.\n\n> From: {full} <{email}>\n> Date: {date}\n> Subject: {subject}\n> To: "
    "{own}\n>\n> {body}",
}
FORWARD_PREFIXES = ("Fwd: ", "FW: ", "Fwd: Re: ", "Пересл: ", "Fw: ")
_TELLS_NOBODY = frozenset({"bare"})


def relayed(chance: Random, relay: Relay, person: Person, event: Seminar | None) -> tuple[str, str]:
    """Subject and body of a service's letter about a person."""
    name = person.name
    words = {
        "given": name.given,
        "surname": name.surname,
        "full": f"{name.given} {name.surname}",
        "email": person.addresses[0],
        "phone": names.phone_spelling(chance, person.phone).partition(" доб.")[0],
        "company": person.firm.title if person.firm else "-",
        "topic": event.title if event else "не указано",
        "number": str(chance.randrange(10_000, 99_999)),
    }
    return relay.subject.format(**words), relay.body.format(**words)


def passed_on(chance: Random, style: str, person: Person, subject: str, body: str, own: str) -> str:
    """The text of a colleague's letter around a client's."""
    full = f"{person.name.given} {person.name.surname}"
    date = f"{chance.randrange(1, 28)}.{chance.randrange(1, 12):02d}.2025 {chance.randrange(8, 19)}:15"
    quoted = (
        body.replace("\n", "\n> ")
        if style in ("apple", "quoted")
        else body.replace("\n", "<br>")
        if style == "html"
        else body
    )
    return (FORWARDS | UNSEEN_FORWARDS)[style].format(
        full=full, email=person.addresses[0], subject=subject, body=quoted, date=date, own=own
    )


def tells_client(style: str) -> bool:
    """Whether a forward shows whose letter it was."""
    return style not in _TELLS_NOBODY
