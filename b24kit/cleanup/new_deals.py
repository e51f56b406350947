"""Deals for clients whose letters are converted with a deal: where they open, what they are called, who gets none.

A deal is made quietly (crm.item.batchImport starts no robots) and linked to the client, his company and his first lead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from b24kit.change.operation import CreateRecord, Phase, Reason
from b24kit.change.snapshot import Snapshot
from b24kit.cleanup.carried import Carried
from b24kit.cleanup.one_client import Cluster
from b24kit.cleanup.spec import DealsSpec
from b24kit.crm.pipeline import Outcome, Pipeline, Stage, deals_ladder
from b24kit.crm.refs import Kind, Ref
from b24kit.errors import UsageError
from b24kit.owners.rules import Routed

LONGEST_TITLE = 255


@dataclass(frozen=True, slots=True)
class DealPlace:
    """Where new deals open: the pipeline's id and the code of a working stage, as they are on this portal."""

    spec: DealsSpec
    pipeline: str
    stage: str

    def deal(
        self,
        cluster: Cluster,
        client: Ref,
        company: Ref | None,
        routed: Routed,
        running: Sequence[str],
        name: str,
        origin: Mapping[str, Any] | None = None,
        money: Carried = Carried(),
    ) -> CreateRecord | None:
        """The deal of one client, None when one of his is running (`running` are ids) and the playbook wants no second.

        `name` is what the client is called, `origin` the vendor's fields of how he came, `money` what his leads are
        worth. Cards that this plan makes are waited for.
        """
        if running and self.spec.when == "no_running_deal":
            return None
        lead = cluster.items[0].lead
        contact = client if client.kind is Kind.CONTACT else None
        values: dict[str, Any] = {
            "title": self._title(cluster, name),
            "pipeline": self.pipeline,
            "stage": self.stage,
            "owner": routed.owner,
            "contact": contact.id if contact else None,
            "company": company.id if company else None,
            "lead": lead.id,
            **money.extra,
            "extra": dict(origin or {}),
        }
        facts: dict[str, Any] = {"client": str(client), "lead": lead.id}
        facts |= {"kept": list(money.reasons)} if money.reasons else {}
        made = [ref.id.partition(":")[2] for ref in (client, company) if ref is not None and ref.is_new]
        return CreateRecord(
            key=f"deal-{cluster.key}",
            cluster=cluster.key,
            phase=Phase.DEALS,
            reason=Reason("clean.create_deal", facts),
            kind=Kind.DEAL,
            values={field: value for field, value in values.items() if value},
            needs=tuple(dict.fromkeys(made)),
        )

    def _title(self, cluster: Cluster, name: str) -> str:
        first = cluster.items[0]
        company = cluster.company.title if cluster.company is not None else ""
        gaps = {"client": name, "company": company, "subject": first.subject, "lead": first.lead.id}
        said = " ".join(self.spec.title.format(**gaps).split())
        return said[:LONGEST_TITLE] or name or first.lead.id


def deal_place(spec: DealsSpec, snapshot: Snapshot) -> DealPlace:
    """Find the pipeline and the stage on the portal; UsageError when one is not there or is no working stage."""
    pipeline = _pipeline(spec, snapshot.pipelines())
    working = [one for one in snapshot.stages(deals_ladder(pipeline.id)) if one.outcome is Outcome.OPEN]
    found = working[:1] if spec.stage is None else [one for one in working if _is_called(spec.stage, one)]
    if not found:
        there = ", ".join(f"{one.name} ({one.code})" for one in working)
        raise UsageError("clean.deal_stage_unknown", stage=spec.stage, pipeline=pipeline.name, known=there)
    return DealPlace(spec, pipeline.id, found[0].code)


def _pipeline(spec: DealsSpec, present: Sequence[Pipeline]) -> Pipeline:
    if spec.pipeline is None:
        found = [one for one in present if one.default] or list(present[:1])
    else:
        wanted = spec.pipeline.strip().lower()
        found = [one for one in present if wanted in (one.id, one.name.strip().lower())]
    if len(found) != 1:
        there = ", ".join(f"{one.name} ({one.id})" for one in present)
        raise UsageError("clean.deal_pipeline_unknown", pipeline=spec.pipeline, known=there)
    return found[0]


def _is_called(word: str, stage: Stage) -> bool:
    return word.strip().lower() in (stage.code.lower(), stage.name.strip().lower())
