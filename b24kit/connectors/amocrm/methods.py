"""The addresses that b24kit writes to on amoCRM: whether they take many elements at once, how big a batch may be, where
their answer holds what was made, and whether sending twice does harm.

A write that is not in this table is never sent.
"""

from __future__ import annotations

from dataclasses import dataclass

from b24kit.crm.refs import Kind

BATCH = 50  # "Recommendations": up to 250 elements, no more than 50 advised
LONGEST_BATCH = 250

# Cards by the vendor's entity: a lead of our vocabulary and a deal are both its `leads`.
ENTITIES = {Kind.LEAD: "leads", Kind.DEAL: "leads", Kind.CONTACT: "contacts", Kind.COMPANY: "companies"}
ENTITY_WORDS = ("leads", "contacts", "companies")


@dataclass(frozen=True, slots=True)
class Route:
    """One address for writing, by its verb and pattern.

    `many`: its body is a list, one element a write; `answer` is the collection in `_embedded` that tells what was made
    ("" when the answer tells nothing). `repeatable`: sent twice it leaves the account as sent once.
    """

    name: str
    many: bool = False
    answer: str = ""
    repeatable: bool = True

    @property
    def verb(self) -> str:
        return self.name.partition(" ")[0]


def _make(name: str, answer: str, *, many: bool = True) -> Route:
    return Route(name, many=many, answer=answer, repeatable=False)


_ALL = (
    *(_make(f"POST /{entity}", entity) for entity in ENTITY_WORDS),
    *(Route(f"PATCH /{entity}", many=True, answer=entity) for entity in ENTITY_WORDS),
    *(Route(f"POST /{entity}/link", many=True) for entity in ENTITY_WORDS),
    *(Route(f"POST /{entity}/unlink", many=True) for entity in ENTITY_WORDS),
    *(_make(f"POST /{entity}/notes", "notes") for entity in ENTITY_WORDS),
    *(_make(f"POST /{entity}/custom_fields", "custom_fields") for entity in ENTITY_WORDS),
    *(Route(f"DELETE /{entity}/custom_fields/{{id}}") for entity in ENTITY_WORDS),
    _make("POST /tasks", "tasks"),
    Route("PATCH /tasks", many=True, answer="tasks"),
    _make("POST /leads/pipelines", "pipelines"),
    Route("PATCH /leads/pipelines/{id}"),
    Route("DELETE /leads/pipelines/{id}"),
    _make("POST /leads/pipelines/{pipeline}/statuses", "statuses"),
    Route("PATCH /leads/pipelines/{pipeline}/statuses/{id}"),
    Route("DELETE /leads/pipelines/{pipeline}/statuses/{id}"),
    _make("POST /sources", "sources"),
    Route("PATCH /sources/{id}"),
    Route("DELETE /sources/{id}"),
)
ROUTES: dict[str, Route] = {route.name: route for route in _ALL}
