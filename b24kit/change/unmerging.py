"""What hung on a merged card comes back to the card made in its place, out of the copy taken before the merge.

The portal gave it all to the survivor. Letters and links go back by what the plan knew to hang on each card
(`merging`); here it is what only the copy knows: comments, the fields quiet creation forgets, the card's own history.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from b24kit.change.backup import Backup
from b24kit.change.merging import MergeRecords, activities_on
from b24kit.change.operation import Operation, Reason, UnbindLetter, UpdateRecord
from b24kit.change.recreation import Again, hanging, recreate
from b24kit.crm.dossier import Dossier
from b24kit.crm.portal import Portal
from b24kit.crm.refs import Kind, Ref


class Unmerging:
    """The merges of one run with what the copies of their losers say; without a copy, what the plan said is all."""

    def __init__(self, portal: Portal, backup: Backup | None, names: Mapping[str, str]) -> None:
        self._portal, self._backup, self._names = portal, backup, names
        self._known: dict[str, MergeRecords] = {}

    def whole(self, operation: MergeRecords) -> MergeRecords:
        """A merge with everything that is known to have hung on its cards."""
        return self._known.get(operation.key, operation)

    def bring_back(self, operation: MergeRecords, merged: Collection[Ref]) -> Iterator[Operation]:
        """What else goes to the cards made in place of `merged` ones."""
        for loser in (ref for ref in operation.losers if ref in merged):
            dossier = None if self._backup is None else self._backup.dossier(loser)
            if dossier is None or self._backup is None:
                continue
            self._known[operation.key] = with_dossier(self.whole(operation), loser, dossier)
            comments = {ref for ref in hanging(dossier) if ref.kind is Kind.COMMENT}
            how = Again(
                key=f"undo-{operation.key}-{loser.id}",
                cluster=operation.cluster,
                capabilities=self._portal.capabilities,
                files=self._backup.file,
                surviving=self._portal.surviving(comments) if comments else set(),
                names=self._names,
            )
            yield from brought_back(dossier, operation, how)


def brought_back(dossier: Dossier, operation: MergeRecords, how: Again) -> Iterator[Operation]:
    """The operations after a card was made again. A surviving comment changes cards, a lost one is told in words.

    Tasks stay with the survivor, where the portal put them: their links cannot be written without their other ones.
    """
    letters = frozenset(Ref(Kind.ACTIVITY, str(item["id"])) for item in dossier.activities)
    bare = replace(dossier, tasks=())
    for one in recreate(bare, replace(how, leave=letters, stand_in=operation.survivor.id))[1:]:
        if isinstance(one, UpdateRecord) and not one.ref.is_new:
            continue  # links of other cards go back with what the plan knew of them
        yield one
    for item in dossier.comments:
        ref = Ref(Kind.COMMENT, str(item["id"]))
        if ref in how.surviving:
            yield _off(ref, operation, how)


def with_dossier(operation: MergeRecords, loser: Ref, dossier: Dossier) -> MergeRecords:
    """The merge with everything in its `links` that the copy says hung on a card: the plan was made earlier."""
    hung = activities_on(dossier)
    hung += [str(link["id"]) for link in dossier.links if str(link["id"]).partition(":")[0] in ("deal", "lead")]
    links = {**operation.links, str(loser): list(dict.fromkeys([*operation.links.get(str(loser), ()), *hung]))}
    return replace(operation, links=links)


def _off(comment: Ref, operation: MergeRecords, how: Again) -> UnbindLetter:
    bound = f"{how.key}/bind-{comment.kind.value}-{comment.id}"
    return UnbindLetter(
        key=f"{how.key}/unbind-{comment.kind.value}-{comment.id}",
        cluster=how.cluster,
        phase=operation.phase,
        reason=Reason("undo.merged_link", {"card": str(operation.survivor)}),
        activity=comment,
        card=operation.survivor,
        needs=(bound,),
    )
