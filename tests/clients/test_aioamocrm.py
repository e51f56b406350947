"""A client of amoCRM that other people wrote, unmodified, works with the sandbox as with a live account."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from aioamocrm import (
    AmoCRMClient,
    AuthError,
    Company,
    Contact,
    Embedded,
    ForbiddenError,
    Lead,
    LongLivedToken,
    NetworkError,
    Note,
    NotFoundError,
    PaymentRequiredError,
    RateLimitError,
    RetryPolicy,
    ServerError,
    Tag,
    Task,
    ValidationError,
)

from b24kit.sandbox.server import Sandbox

pytestmark = pytest.mark.clients

WON, LOST = 142, 143
OFF = {"rate": None, "request_seconds": None}
Work = Callable[[AmoCRMClient], Awaitable[Any]]


@pytest.fixture(scope="module")
def served() -> Iterator[Sandbox]:
    with Sandbox(vendor="amocrm", clock="moved", grace=0.002, manners=OFF) as box:
        yield box


@pytest.fixture
def account(served: Sandbox) -> Sandbox:
    """The account as the vendor hands it over, without limits and faults."""
    served.control.reset()
    served.control.settings(**OFF)
    served.control.seed({"kind": "empty"})
    served.control.forget_metrics()
    return served


def do(account: Sandbox, work: Work, token: str | None = None) -> Any:
    """Run one piece of work with a client of the account."""

    async def run() -> Any:
        auth = LongLivedToken(token or account.token)
        retry = RetryPolicy(max_attempts=1)
        async with AmoCRMClient(auth=auth, base_url=account.url, rate_limit=None, retry=retry) as client:
            return await work(client)

    return asyncio.run(run())


async def all_of(pages: Any) -> list[Any]:
    return [item async for item in pages]


def test_a_lead_lives_from_create_to_a_lost_one(account: Sandbox) -> None:
    async def work(amo: AmoCRMClient) -> tuple[Lead, Lead]:
        new = Lead(name="Заявка с сайта", price=1500, embedded=Embedded(tags=[Tag(name="сайт")]))
        (made,) = await amo.leads.create([new])
        before = await amo.leads.get(made.id or 0, with_=["contacts"])
        await amo.leads.update([Lead(id=made.id, name="Обучение", status_id=LOST)])
        return before, await amo.leads.get(made.id or 0)

    before, after = do(account, work)
    assert (before.name, before.price, before.embedded.tags[0].name) == ("Заявка с сайта", 1500, "сайт")
    assert (after.name, after.status_id, after.price) == ("Обучение", LOST, 1500)
    assert after.closed_at is not None and before.closed_at is None


@pytest.mark.parametrize(("kind", "model"), [("contacts", Contact), ("companies", Company)])
def test_a_card_with_addresses_is_found_by_them(account: Sandbox, kind: str, model: type[Any]) -> None:
    async def work(amo: AmoCRMClient) -> tuple[list[Any], list[Any]]:
        cards = getattr(amo, kind)
        card = model(name="Анна Орлова")
        card.set_field("EMAIL", "anna@romashka.example", enum_code="WORK")
        card.set_field("PHONE", "+7 912 345-67-89", enum_code="MOB")
        await cards.create([card, model(name="Борис")])
        by_mail = await all_of(cards.iterate(query="anna@romashka.example"))
        return by_mail, await all_of(cards.iterate(query="9123456789"))

    by_mail, by_phone = do(account, work)
    assert [card.name for card in by_mail] == [card.name for card in by_phone] == ["Анна Орлова"]
    assert by_mail[0].field_value("PHONE", enum_code="MOB") == "+7 912 345-67-89"


def test_all_pages_of_leads_are_read_once_each(account: Sandbox) -> None:
    async def work(amo: AmoCRMClient) -> list[Lead]:
        await amo.leads.create([Lead(name=f"Письмо {number}") for number in range(130)])
        return await all_of(amo.leads.iterate(limit=50, order={"id": "asc"}))

    leads = do(account, work)
    assert [lead.name for lead in leads] == [f"Письмо {number}" for number in range(130)]


def test_an_empty_account_has_no_leads_and_no_unknown_one(account: Sandbox) -> None:
    assert do(account, lambda amo: all_of(amo.leads.iterate())) == []
    with pytest.raises(NotFoundError) as refused:
        do(account, lambda amo: amo.leads.get(77))
    assert refused.value.status_code == 204


def test_filters_narrow_and_the_unknown_ones_are_ignored(account: Sandbox) -> None:
    async def work(amo: AmoCRMClient) -> list[list[Lead]]:
        made = await amo.leads.create([Lead(name="Первая"), Lead(name="Вторая", price=10)])
        asked: list[dict[str, Any]] = [{"id": [made[0].id]}, {"price": {"from": 5}}, {"nmae": ["Первая"]}]
        return [await all_of(amo.leads.iterate(filter=one)) for one in asked]

    found = do(account, work)
    assert [[lead.name for lead in leads] for leads in found] == [["Первая"], ["Вторая"], ["Первая", "Вторая"]]


def test_a_lead_with_contact_and_company_comes_in_one_call(account: Sandbox) -> None:
    async def work(amo: AmoCRMClient) -> tuple[Any, Lead, list[Any]]:
        inside = Embedded(contacts=[Contact(first_name="Анна")], companies=[Company(name="Ромашка")])
        (made,) = await amo.leads.create_complex([Lead(name="Форма", embedded=inside)])
        lead = await amo.leads.get(made.id or 0, with_=["contacts"])
        return made, lead, await amo.contacts.links(made.contact_id or 0)

    made, lead, links = do(account, work)
    assert (made.merged, lead.embedded.contacts[0].id) == (False, made.contact_id)
    assert {(link.to_entity_type, link.to_entity_id) for link in links} == {
        ("leads", made.id), ("companies", made.company_id),
    }  # fmt: skip


def test_links_are_tied_and_untied(account: Sandbox) -> None:
    async def work(amo: AmoCRMClient) -> tuple[list[Any], list[Any]]:
        (lead,) = await amo.leads.create([Lead(name="Сделка")])
        (contact,) = await amo.contacts.create([Contact(name="Анна")])
        lead_id, contact_id = lead.id or 0, contact.id or 0
        await amo.leads.link(lead_id, "contacts", contact_id, metadata={"is_main": True})
        tied = await amo.leads.links(lead_id)
        await amo.leads.unlink(lead_id, "contacts", contact_id)
        return tied, await amo.leads.links(lead_id)

    tied, rest = do(account, work)
    assert [link.metadata for link in tied] == [{"main_contact": True}]
    assert rest == []


def test_notes_are_added_and_read(account: Sandbox) -> None:
    async def work(amo: AmoCRMClient) -> tuple[list[Note], Note]:
        (lead,) = await amo.leads.create([Lead(name="Сделка")])
        lead_id = lead.id or 0
        (made,) = await amo.leads.notes.create([Note.common(lead_id, "Перезвонить после 18:00")])
        notes = await all_of(amo.leads.notes.iterate(entity_id=lead_id, filter={"note_type": "common"}))
        return notes, await amo.leads.notes.get(made.id or 0, entity_id=lead_id)

    notes, note = do(account, work)
    assert [one.text for one in notes] == [note.text] == ["Перезвонить после 18:00"]


def test_a_task_is_set_changed_and_completed(account: Sandbox) -> None:
    async def work(amo: AmoCRMClient) -> tuple[Lead, Task, Lead]:
        (lead,) = await amo.leads.create([Lead(name="Сделка")])
        lead_id = lead.id or 0
        new = Task(text="Позвонить", complete_till=1_900_000_000, entity_id=lead_id, entity_type="leads")
        (task,) = await amo.tasks.create([new])
        await amo.tasks.update([Task(id=task.id, text="Написать")])
        before = await amo.leads.get(lead_id)
        await amo.tasks.complete(task.id or 0, result="сделано")
        return before, await amo.tasks.get(task.id or 0), await amo.leads.get(lead_id)

    before, task, after = do(account, work)
    assert (before.closest_task_at, after.closest_task_at) == (1_900_000_000, None)
    assert (task.text, task.is_completed, task.result and task.result.text) == ("Написать", True, "сделано")


def test_pipelines_have_their_statuses(account: Sandbox) -> None:
    async def work(amo: AmoCRMClient) -> tuple[list[Any], list[Any]]:
        pipelines = await amo.pipelines.list()
        assert (await amo.pipelines.get(pipelines[0].id or 0)).name == pipelines[0].name
        return pipelines, await amo.pipelines.statuses(pipelines[0].id or 0)

    pipelines, statuses = do(account, work)
    assert [pipeline.is_main for pipeline in pipelines] == [True]
    assert [status.type for status in statuses] == [1, 0, 0, 0, 0, 0, 0]
    assert [status.id for status in statuses[-2:]] == [WON, LOST]


def test_fields_users_and_the_account_are_read(account: Sandbox) -> None:
    async def work(amo: AmoCRMClient) -> tuple[Any, list[Any], list[Any]]:
        told = await amo.account.get(with_=["task_types", "users_groups"])
        return told, await all_of(amo.contacts.custom_fields.iterate()), await all_of(amo.users.iterate())

    told, fields, users = do(account, work)
    assert (told.current_user_id, [user.id for user in users]) == (1, [1])
    assert {field.code for field in fields} == {"PHONE", "EMAIL", "POSITION"}


def test_a_wrong_element_is_named_and_nothing_is_written(account: Sandbox) -> None:
    async def create(amo: AmoCRMClient) -> Any:
        return await amo.leads.create([{"name": "Первая"}, {"name": "Вторая", "status_id": 5}])

    with pytest.raises(ValidationError) as refused:
        do(account, create)
    assert [(issue.request_id, issue.path, issue.code) for issue in refused.value.errors] == [
        ("1", "status_id", "NotSupportedChoice")
    ]
    assert do(account, lambda amo: all_of(amo.leads.iterate())) == []


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "busy"}, RateLimitError),
        ({"kind": "overload"}, ForbiddenError),
        ({"kind": "unpaid"}, PaymentRequiredError),
        ({"kind": "internal"}, ServerError),
        ({"kind": "html", "status": 504}, ServerError),
        ({"kind": "cut_after"}, NetworkError),
    ],
    ids=lambda value: str(value["kind"]) if isinstance(value, dict) else value.__name__,
)
def test_bad_weather_is_told_from_good(account: Sandbox, fault: dict[str, Any], error: type[Exception]) -> None:
    account.control.faults(fault)
    with pytest.raises(error):
        do(account, lambda amo: amo.account.get())
    account.control.faults()


def test_a_wrong_token_opens_nothing(account: Sandbox) -> None:
    with pytest.raises(AuthError):
        do(account, lambda amo: amo.account.get(), token="not-this-one")


def test_the_eighth_request_within_a_second_is_one_too_many(account: Sandbox) -> None:
    account.control.settings(rate={"integration": 7})

    async def work(amo: AmoCRMClient) -> list[Any]:
        return await asyncio.gather(*(amo.account.get() for _ in range(9)), return_exceptions=True)

    refused = [one for one in do(account, work) if isinstance(one, RateLimitError)]
    assert len(refused) == 2
