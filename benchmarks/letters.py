"""How well letters are read: the generated company on the sandbox, read through the real connector, against its truth.

One JSON object: for every seed the shares of letters whose class, client, running deal and first-or-again label are
right, assignments that are wrong, and what reading the bodies cost. Texts that are read wrong are named one by one.
"""

from __future__ import annotations

import sys
import tempfile
import time
import tracemalloc
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from b24kit.change.snapshot import Snapshot, take_snapshot
from b24kit.cleanup.clean_draft import CleanDraft
from b24kit.cleanup.planner import plan_clean
from b24kit.cli.scope import EVERYTHING
from b24kit.connectors.factory import open_portal
from b24kit.letters.plain import readable
from b24kit.playbook.loader import load_playbook
from b24kit.playbook.shipped import find_playbook
from benchmarks.portal import Portal, started, tell

LEADS, SEEDS = 5000, (7, 11, 13)
CLASS_OF = {
    "shared": "human",
    "form_relay": "form",
    "marketplace_relay": "marketplace",
    "telephony_relay": "telephony",
}
LETTERS = ("human", "forwarded", "employee", "newsletter", "notification", "auto_reply", "bounce", *CLASS_OF)
PERSONS = ("human", "form_relay", "marketplace_relay", "forwarded")  # where an address stands for one person
Truth = Mapping[str, Mapping[str, Any]]


def main() -> None:
    """Print one JSON object; the number of leads may be given as the only argument."""
    leads = int(sys.argv[1]) if len(sys.argv) > 1 else LEADS
    with started(clock="moved") as portal:
        found = {str(seed): measure(portal, leads, seed) for seed in SEEDS}
    tell({"benchmark": "letters", "leads": leads, "seeds": found})


def measure(portal: Portal, leads: int, seed: int) -> dict[str, Any]:
    """Plant one company, read and plan it, judge."""
    portal.control.reset(keep_settings=True)
    portal.control.seed({"kind": "company", "leads": leads, "seed": seed})
    portal.settle()
    with tempfile.TemporaryDirectory() as folder:
        bare = _read(portal, Path(folder) / "bare.sqlite", bodies=False)
        full = _read(portal, Path(folder) / "full.sqlite", bodies=True)
        draft, seconds, peak = _planned(full[0])
    truth = portal.control.truth()["leads"]
    costs = {name: round(full[1][name] - bare[1][name], 1) for name in bare[1]}
    return {**judge(draft, truth), "bodies_cost": costs, "plan_seconds": seconds, "plan_peak_mb": peak}


def judge(draft: CleanDraft, truth: Truth) -> dict[str, Any]:
    """All figures of one company."""
    letters = {lead: one for lead, one in truth.items() if one["class"] in LETTERS}
    wrong = {
        lead: one for lead, one in letters.items() if _class(draft, lead) != CLASS_OF.get(one["class"], one["class"])
    }
    return {
        "letters": len(letters),
        "class_accuracy": _share(len(letters) - len(wrong), len(letters)),
        "class_accuracy_of_unseen_texts": _unseen(letters, wrong),
        "class_accuracy_by_class": _by_class(letters, wrong),
        "texts_read_wrong": dict(Counter(_confused(draft, lead, one) for lead, one in wrong.items()).most_common()),
        **_clients(draft, letters),
        **_deals(draft, letters),
        "first_repeat_accuracy": _labels(draft, truth),
        **_assignments(draft, truth),
        "notes": {note.code: dict(note.facts) for note in draft.notes if note.code.startswith("clean.note.")},
    }


def _clients(draft: CleanDraft, letters: Truth) -> dict[str, Any]:
    """Letters of known clients that were given to the right card; department mailboxes apart, to person or company."""
    theirs = {
        lead: one for lead, one in letters.items() if one["contact_id"] and one["told"] and one["class"] in PERSONS
    }
    right = [lead for lead, one in theirs.items() if _client(draft, lead) == f"contact:{one['contact_id']}"]
    named = [lead for lead in letters if (_client(draft, lead) or "").startswith("contact:")]
    exact = [lead for lead in named if _client(draft, lead) == f"contact:{letters[lead]['contact_id']}"]
    shared = {lead: one for lead, one in letters.items() if one["class"] == "shared" and one["company_id"]}
    firms = [
        lead
        for lead, one in shared.items()
        if _client(draft, lead) in (f"company:{one['company_id']}", f"contact:{one['contact_id']}")
    ]
    missed = Counter(_why(draft, lead, letters[lead]) for lead in theirs.keys() - set(right))
    return {
        "known_client_recall": _share(len(right), len(theirs)),
        "known_client_precision": _share(len(exact), len(named)),
        "known_client_missed": dict(missed.most_common()),
        "department_mailbox_recall": _share(len(firms), len(shared)),
    }


def _deals(draft: CleanDraft, letters: Truth) -> dict[str, Any]:
    """Letters about a running deal that were given to it; and of all given to a deal, how many rightly."""
    about = {lead: one["deal_id"] for lead, one in letters.items() if one["deal_id"] and one["class"] in PERSONS}
    given = {lead: int(one.deal.deal.id) for lead, one in draft.readings.items() if lead in letters and one.deal}
    right = [lead for lead, deal in about.items() if given.get(lead) == deal]
    signs: dict[str, list[bool]] = defaultdict(list)
    for lead, deal in given.items():
        reading = draft.readings[lead].deal
        assert reading is not None
        signs[reading.sign.value].append(letters[lead]["deal_id"] == deal)
    return {
        "deal_found": _share(len(right), len(about)),
        "deal_precision": _share(sum(about.get(lead) == deal for lead, deal in given.items()), len(given)),
        "deal_precision_by_sign": {
            sign: [_share(sum(hits), len(hits)), len(hits)] for sign, hits in sorted(signs.items())
        },
    }


def _labels(draft: CleanDraft, truth: Truth) -> float:
    """First or again, of the letters that show an address; earlier inquiries count when they lie in the pile too."""
    right = whole = 0
    seen: set[str] = set()
    for lead in sorted(draft.readings.keys() & truth.keys(), key=int):
        one, touch = truth[lead], draft.readings[lead].touch
        if one["told"] and one["person"] is not None:
            if one["class"] in LETTERS:
                whole += 1
                right += touch is not None and touch.first is (one["person"] not in seen)
            seen.add(one["person"])
    return _share(right, whole)


def _assignments(draft: CleanDraft, truth: Truth) -> dict[str, Any]:
    """Leads that the plan gives to a wrong client, and people of whom it makes more than one new contact."""
    behind: dict[str, set[str]] = defaultdict(set)
    false: list[str] = []
    rubbish = 0
    for lead, client in draft.assignment.items():
        one = truth[lead]
        kind, _, card = client.partition(":")
        if one["class"] in LETTERS and one["class"] not in (*PERSONS, "shared"):
            rubbish += 1  # no client's letter, or one that does not tell whose: a contact that a person deletes
            false += [lead] if not card.startswith("new:") else []
        elif kind == "contact" and not card.startswith("new:"):
            false += [lead] if int(card) != one["contact_id"] else []
        elif kind == "company":
            false += [lead] if int(card) != one["company_id"] else []
        elif one["person"] is None:
            false.append(lead)
        else:
            behind[client].add(one["person"])
    mixed = [client for client, people in behind.items() if len(people) > 1]
    made = Counter(person for people in behind.values() for person in people)
    known = {one["person"] for one in truth.values() if one["contact_id"]}
    return {
        "assigned": len(draft.assignment),
        "false_assignments": len(false),
        "rubbish_made_clients": rubbish,
        "mixed_new_clients": len(mixed),
        "false_examples": sorted([*false, *mixed])[:10],
        "people_made_twice": sum(count > 1 for count in made.values()),
        "known_people_made_again": sum(person in known for person in made),
    }


def _planned(snapshot: Snapshot) -> tuple[CleanDraft, float, float]:
    playbook = load_playbook(find_playbook("talking-leads"))
    assert playbook.clean is not None
    spec = playbook.clean.model_copy(update={"consent": ("UF_CRM_OPT_OUT",)})
    started_at = time.perf_counter()
    draft = plan_clean(snapshot, spec, playbook.owners, snapshot.taken_at, _ABLE[0])
    seconds = time.perf_counter() - started_at
    tracemalloc.start()
    plan_clean(snapshot, spec, playbook.owners, snapshot.taken_at, _ABLE[0])
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return draft, round(seconds, 2), round(peak)


_ABLE: list[Any] = []


def _read(portal: Portal, path: Path, *, bodies: bool) -> tuple[Snapshot, dict[str, float]]:
    """One reading of the portal and what it cost: requests, portal seconds, seconds of this machine."""
    portal.control.forget_metrics()
    began, clock = time.perf_counter(), portal.control.clock()["elapsed"]
    opened = open_portal(portal.webhook, portal.clock)
    _ABLE[:] = [opened.capabilities]
    found = take_snapshot(opened, path, want=EVERYTHING, clock=portal.clock, shorten=readable if bodies else None)
    opened.close()
    cost = {
        "requests": float(portal.control.metrics()["requests"]),
        "portal_seconds": portal.control.clock()["elapsed"] - clock,
        "seconds": time.perf_counter() - began,
    }
    return found, {**cost, "file_mb": path.stat().st_size / 1e6}


def _class(draft: CleanDraft, lead: str) -> str:
    reading = draft.readings.get(lead)
    return reading.kind.value if reading is not None else "unread"


def _client(draft: CleanDraft, lead: str) -> str | None:
    reading = draft.readings.get(lead)
    return str(reading.client) if reading is not None and reading.client is not None else None


def _why(draft: CleanDraft, lead: str, one: Mapping[str, Any]) -> str:
    left = next((item.reason.code.removeprefix("clean.left.") for item in draft.left if item.ref.id == lead), None)
    told = left or (draft.assignment.get(lead, "").partition(":")[2].partition(":")[0] or "archived")
    return f"{one['class']}: {told}" + (f" ({one['malformed']})" if one["malformed"] else "")


def _confused(draft: CleanDraft, lead: str, one: Mapping[str, Any]) -> str:
    what = one["text"] or one["malformed"] or "letter"
    return f"{one['class']}/{what} -> {_class(draft, lead)}"


def _by_class(letters: Truth, wrong: Iterable[str]) -> dict[str, float]:
    lost, every = Counter(letters[lead]["class"] for lead in wrong), Counter(one["class"] for one in letters.values())
    return {name: _share(count - lost[name], count) for name, count in sorted(every.items())}


def _unseen(letters: Truth, wrong: Iterable[str]) -> list[float]:
    """The share read right of the texts that no rule was written against, and their number."""
    there = {lead for lead, one in letters.items() if one["unseen"]}
    return [_share(len(there - set(wrong)), len(there)), len(there)]


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 1.0


if __name__ == "__main__":
    main()
