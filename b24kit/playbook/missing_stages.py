"""Stages that a playbook's rules speak of and the portal has not yet: until they stand, robots pass those rules by."""

from __future__ import annotations

from b24kit.crm.pipeline import LEADS, deals_ladder
from b24kit.crm.portal import Portal
from b24kit.migrate.loss_reasons import failures
from b24kit.migrate.spec import Ladder
from b24kit.playbook.dialects import working
from b24kit.playbook.ruleset import names_on
from b24kit.playbook.schema import Playbook


def missing_stages(playbook: Playbook, portal: Portal) -> tuple[str, ...]:
    """Names of the design's stages that are not on the portal, in its order; "" never stands among them.

    Where a vendor keeps one failure, further ones are loss reasons and no stages. Reads stages and pipelines.
    """
    able = portal.capabilities
    names = names_on(playbook, working(portal.stages(), portal), list(portal.pipelines()), able)
    ladders: list[tuple[str | None, Ladder]] = [] if playbook.stages is None else [(LEADS, playbook.stages)]
    for spec in playbook.pipelines:
        number = names.pipelines.get(spec.name.ru)
        ladders.append((None if number is None else deals_ladder(number), spec))
    found: list[str] = []
    for ladder, section in ladders:
        known = {} if ladder is None else names.stages.get(ladder, {})
        spared = {one.code for one in failures(section.ladder)} if able.one_failure else set()
        found += [
            one.name.said(playbook.language)
            for one in section.ladder
            if one.code not in known and one.code not in spared
        ]
    return tuple(found)
