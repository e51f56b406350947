"""What kinds of events an account's journal knows, with the numbers and the words it tells of them.

Rests on the vendor's page "Events and notes", which lists the kinds with their Russian names.
"""

from __future__ import annotations

_NAMES = """
lead_added=Новая сделка
lead_deleted=Сделка удалена
lead_restored=Сделка восстановлена
lead_status_changed=Изменение этапа продажи
lead_linked=Прикрепление сделки
lead_unlinked=Открепление сделки
contact_added=Новый контакт
contact_deleted=Контакт удален
contact_restored=Контакт восстановлен
contact_linked=Прикрепление контакта
contact_unlinked=Открепление контакта
company_added=Новая компания
company_deleted=Компания удалена
company_restored=Компания восстановлена
company_linked=Прикрепление компании
company_unlinked=Открепление компании
customer_added=Новый покупатель
customer_deleted=Покупатель удален
customer_status_changed=Изменение этапа покупателя
customer_linked=Прикрепление покупателя
customer_unlinked=Открепление покупателя
task_added=Новая задача
task_deleted=Задача удалена
task_completed=Завершение задачи
task_type_changed=Изменение типа задачи
task_text_changed=Изменение текста задачи
task_deadline_changed=Изменение даты исполнения задачи
task_result_added=Результат по задаче
incoming_call=Входящий звонок
outgoing_call=Исходящий звонок
incoming_chat_message=Входящее сообщение
outgoing_chat_message=Исходящее сообщение
entity_direct_message=Сообщение внутреннего чата
incoming_sms=Входящее SMS
outgoing_sms=Исходящее SMS
entity_tag_added=Теги добавлены
entity_tag_deleted=Теги убраны
entity_linked=Прикрепление
entity_unlinked=Открепление
sale_field_changed=Изменение поля “Бюджет”
name_field_changed=Изменение поля “Название”
ltv_field_changed=Сумма покупок
custom_field_value_changed=Изменение поля
entity_responsible_changed=Ответственный изменен
robot_replied=Ответ робота
intent_identified=Тема вопроса определена
nps_rate_added=Новая оценка NPS
link_followed=Переход по ссылке
transaction_added=Добавлена покупка
common_note_added=Новое примечание
common_note_deleted=Примечание удалено
attachment_note_added=Добавлен новый файл
targeting_in_note_added=Добавление в ретаргетинг
targeting_out_note_added=Удаление из ретаргетинга
geo_note_added=Новое примечание с гео-меткой
service_note_added=Новое системное примечание
site_visit_note_added=Заход на сайт
message_to_cashier_note_added=LifePay: Сообщение кассиру
key_action_completed=Ключевое действие
entity_merged=Выполнено объединение
"""
KINDS = dict(line.split("=", 1) for line in _NAMES.split("\n") if line)
_FIRST_NUMBERS = {"lead_added": 1, "lead_deleted": 7}  # those that the page shows; the others are our own


def name_of(kind: str, language: str) -> str:
    """The kind in the words of a language: Russian as on the page; of the others no page tells, the key stands there.

    >>> name_of("lead_added", "ru"), name_of("lead_added", "en")
    ('Новая сделка', 'Lead added')
    """
    return KINDS[kind] if language == "ru" else kind.replace("_", " ").capitalize()


def number_of(kind: str) -> int:
    """The number that the journal calls a kind by."""
    return _FIRST_NUMBERS.get(kind) or 100 + list(KINDS).index(kind)
