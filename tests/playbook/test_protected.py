"""A protected card is not moved by the stage design either, and the stage it stands in stays."""

from __future__ import annotations

from b24kit.change.operation import RemoveRecord, UpdateRecord
from b24kit.cleanup.decisions import About, Decision
from b24kit.cleanup.spec import CleanSpec
from b24kit.matching.verdicts import Verdict
from b24kit.playbook.compose import compose
from b24kit.playbook.loader import load_playbook
from b24kit.playbook.shipped import find_playbook
from tests.migrate.ladders import CAPABILITIES, NOW, company, lead

FORMS = "UC_7MX2QD"


def test_a_card_that_a_person_protected_is_not_moved_and_keeps_its_stage() -> None:
    here = company([lead(2, FORMS, source="WEB"), lead(3, FORMS)])
    protect = Decision(key="x", about=About.QUESTION, verdict=Verdict.PROTECT, one={"lead:2": ""})
    playbook = load_playbook(find_playbook("talking-leads"))
    found = compose(playbook, here, capabilities=CAPABILITIES, facts=here.facts, now=NOW, decisions=[protect])
    touched = {str(one.target) for one in found.operations if isinstance(one, UpdateRecord)}
    assert "lead:2" not in touched and "lead:3" in touched
    stages = {stage.id for stage in here.stages() if stage.code == FORMS}
    assert not [one for one in found.operations if isinstance(one, RemoveRecord) and one.ref.id in stages]


def test_the_playbook_protects_cards_from_the_stage_design_too() -> None:
    here = company([lead(2, FORMS), lead(3, FORMS)])
    playbook = load_playbook(find_playbook("talking-leads"))
    clean = CleanSpec.model_validate({"protect": {"cards": ["lead:3"]}})
    with_rule = playbook.model_copy(update={"clean": clean})
    found = compose(with_rule, here, capabilities=CAPABILITIES, facts=here.facts, now=NOW, only="stages")
    touched = {str(one.target) for one in found.operations if isinstance(one, UpdateRecord)}
    assert "lead:3" not in touched and "lead:2" in touched
