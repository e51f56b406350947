"""Who is known: one card for a value, or nobody."""

from __future__ import annotations

from dataclasses import replace

from b24kit.cleanup.clients import index_clients
from b24kit.crm.cards import Company, Deal
from b24kit.crm.pipeline import Outcome
from b24kit.crm.points import Point, PointKind
from tests.cleanup.portal_of import contact, email, phone

ANNA = replace(
    contact(7, "Белова Анна", "A.Belova+x@gmail.com"), points=(email("A.Belova+x@gmail.com"), phone("8 916 123-45-67"))
)


def test_contacts_are_found_by_canonical_address() -> None:
    assert index_clients([ANNA], [], []).contacts_by_address == {"abelova@gmail.com": ("7",)}


def test_a_mobile_number_needs_an_agreeing_full_name() -> None:
    index = index_clients([ANNA], [], [])
    assert index.contact_with_mobile(["+7 916 1234567"], "Анна Белова") == ANNA
    assert index.contact_with_mobile(["+7 916 1234567"], "Олег Жук") is None
    assert index.contact_with_mobile(["+7 916 1234567"], "Анна") is None
    assert index.contact_with_mobile(["+7 495 9876543"], "Анна Белова") is None


def test_a_number_on_two_contacts_names_nobody() -> None:
    twin = replace(ANNA, id="8")
    assert index_clients([ANNA, twin], [], []).contact_with_mobile(["+79161234567"], "Анна Белова") is None


def test_a_company_is_known_by_its_addresses_sites_and_people() -> None:
    by_mail = Company(id="1", points=(email("info@alfa.example"),))
    by_site = Company(id="2", points=(Point(PointKind.WEB, "https://www.beta.example/about"),))
    by_people = Company(id="3")
    worker = contact(9, "Жук Олег", "zhuk@gamma.example", company="3")
    index = index_clients([worker], [by_mail, by_site, by_people], [])
    found = {name: index.company_at(f"x@{name}.example") for name in ("alfa", "beta", "gamma", "delta")}
    assert found == {"alfa": by_mail, "beta": by_site, "gamma": by_people, "delta": None}


def test_free_mail_and_a_domain_of_two_companies_tell_no_company() -> None:
    one, other = (Company(id=number, points=(email("x@alfa.example"), email("y@mail.ru"))) for number in "12")
    index = index_clients([], [one, other], [])
    assert index.company_at("z@alfa.example") is None
    assert index.company_at("y@mail.ru") is None


def test_running_deals_are_the_contacts_own_else_the_companys() -> None:
    own = Deal(id="1", pipeline="0", stage="A", contact="7")
    firms = Deal(id="2", pipeline="0", stage="A", company="5")
    over = Deal(id="3", pipeline="0", stage="WON", contact="7", outcome=Outcome.WON)
    firm = Company(id="5")
    index = index_clients([ANNA], [firm], [own, firms, over])
    assert index.running_deals(ANNA, firm) == (own,)
    assert index.running_deals(None, firm) == (firms,)
    assert index.running_deals(None, None) == ()
