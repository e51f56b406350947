"""Runs on disk: one folder each with journal, plan and summary, found again by id or by the plan they carry out."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from b24kit import __version__
from b24kit.change.backup import Backups
from b24kit.change.journal import Journal
from b24kit.change.plan import Plan
from b24kit.change.planfile import save, sidecar, write_private
from b24kit.change.planform import body_of, canonical, plan_of
from b24kit.crm.portal import PortalFacts
from b24kit.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInfo:
    """A run as lists show it. `ended` is None while it runs or after a crash; `how` is a value of `recap.Ended`."""

    id: str
    plan_id: str
    portal_id: str
    started: datetime
    ended: datetime | None
    how: str
    undoes: str | None
    tool: str
    user: str  # the portal's user whose rights were used
    skew_seconds: float  # how far the portal's clock is ahead of ours

    @property
    def finished(self) -> bool:
        """Ended with nothing left to do: its plan may not be applied again."""
        return self.how == "done"


class Run:
    """One run, open: its journal, and the plan it carries out as it was when it started."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = Journal(folder / "journal.sqlite")
        self._plan: Plan | None = None

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def plan(self) -> Plan:
        if self._plan is None:
            self._plan = plan_of(json.loads(self.journal.meta()["plan"]))
        return self._plan

    @property
    def info(self) -> RunInfo:
        meta = self.journal.meta()
        return RunInfo(
            id=self.id,
            plan_id=meta["plan_id"],
            portal_id=meta["portal_id"],
            started=datetime.fromisoformat(meta["started"]),
            ended=datetime.fromisoformat(meta["ended"]) if meta.get("ended") else None,
            how=meta.get("how", ""),
            undoes=meta.get("undoes") or None,
            tool=meta["tool"],
            user=meta["user"],
            skew_seconds=float(meta["skew"]),
        )

    def reopen(self) -> None:
        """The run goes on: until it ends again it counts as unfinished."""
        self.journal.set_meta(ended="", how="")

    def end(self, now: datetime, how: str, summary: str) -> None:
        """Close the books: when and how it ended; `summary` is JSON for `recap.json`."""
        self.journal.set_meta(ended=now.isoformat(), how=how)
        write_private(self.folder / "recap.json", summary)

    def close(self) -> None:
        self.journal.close()


class RunStore:
    """The directory of runs of one project. Plans' sidecars stand in it too."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def backups(self) -> Backups:
        """Whole copies of the cards that plans of this project remove."""
        return Backups(self.folder / "backups")

    def inventory(self, plan_id: str) -> Path:
        """Where the lists of what hung on a plan's cards before and after stand."""
        return sidecar(self.folder, plan_id).parent.parent / "inventories" / f"{plan_id}.sqlite"

    def start(self, plan: Plan, facts: PortalFacts, now: datetime, skew_seconds: float | None = None) -> Run:
        """A new run of a plan, with the plan inside, so that resume and undo need no other file.

        `skew_seconds`: how far the portal's clock is ahead of ours; not given when `facts` are of this very moment.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder = self._free(f"{now:%Y%m%d-%H%M%S}-{plan.id[:8]}")
        folder.mkdir(mode=0o700)
        save(plan, folder / "plan.json", store=self.folder, personal=True)
        run = Run(folder)
        run.journal.set_meta(
            plan=canonical(body_of(plan)),
            plan_id=plan.id,
            portal_id=plan.portal_id,
            started=now.isoformat(),
            tool=__version__,
            user=facts.user,
            undoes=plan.undoes or "",
            skew=f"{(facts.now - now).total_seconds() if skew_seconds is None else skew_seconds:.0f}",
        )
        return run

    def open(self, run_id: str) -> Run:
        """A run by its id; UsageError when there is none."""
        if not re.fullmatch(r"[\w-]+", run_id) or not self._complete(self.folder / run_id):
            raise UsageError("run.absent", run=run_id)
        return Run(self.folder / run_id)

    def list(self) -> tuple[RunInfo, ...]:
        """All runs, oldest first."""
        if not self.folder.is_dir():
            return ()
        found = []
        for folder in sorted(self.folder.iterdir()):
            if self._complete(folder):
                run = Run(folder)
                found.append(run.info)
                run.close()
        return tuple(sorted(found, key=lambda info: (info.started, info.id)))

    def of_plan(self, plan_id: str) -> RunInfo | None:
        """The run of this plan, if it was ever started."""
        return next((info for info in reversed(self.list()) if info.plan_id == plan_id), None)

    def undoing(self, run_id: str) -> tuple[RunInfo, ...]:
        """Runs that took this run back, in whole or in part."""
        return tuple(info for info in self.list() if info.undoes == run_id)

    def purge(self, older_than: datetime) -> tuple[str, ...]:
        """Delete what is kept of runs started before a moment, unfinished ones and plans' sidecars too; their ids."""
        gone = [info for info in self.list() if info.started < older_than]
        for info in gone:
            shutil.rmtree(self.folder / info.id)
            sidecar(self.folder, info.plan_id).unlink(missing_ok=True)
            self.backups.path(info.plan_id).unlink(missing_ok=True)
            self.inventory(info.plan_id).unlink(missing_ok=True)
        return tuple(info.id for info in gone)

    def _free(self, wanted: str) -> Path:
        taken = 1
        folder = self.folder / wanted
        while folder.exists():
            taken += 1
            folder = self.folder / f"{wanted}-{taken}"
        return folder

    @staticmethod
    def _complete(folder: Path) -> bool:
        # A run killed before its journal held the plan wrote nothing to the portal: it is no run.
        if not (folder / "journal.sqlite").is_file():
            return False
        journal = Journal(folder / "journal.sqlite")
        try:
            return "plan" in journal.meta()
        finally:
            journal.close()
