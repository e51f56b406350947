"""YAML into plain values that remember where they stood, without YAML's surprises.

`no` stays a word and `12:30` is no number; equal keys, tabs and non-breaking spaces are named instead of guessed at,
and a colour without quotes (which YAML takes for a comment) is seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from b24kit.migrate.design import Path

_DEPTH = 40
_NODES = 100_000
_BAD_SPACE = re.compile(r"^( *)([\t\u00a0])|(?<=[-:])( *)(\u00a0)")
_INT = re.compile(r"[-+]?(0|[1-9][0-9_]*)")
_FLOAT = re.compile(r"[-+]?[0-9][0-9_]*\.[0-9]+([eE][-+]?[0-9]+)?")
_COLOUR = re.compile(r"\s*#[0-9A-Fa-f]{6}\b")
_WORDS: Mapping[str, Any] = {"true": True, "false": False, "null": None, "~": None, "": None}


@dataclass(frozen=True, slots=True, order=True)
class Spot:
    """A place in the file, as editors count: both from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Complaint:
    """One mistake: where it stands in the file, which field it is, its code and facts."""

    spot: Spot
    path: Path
    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def where(self) -> str:
        """The field as people write it: `stages.ladder[2].code`."""
        told = ""
        for step in self.path:
            told += f"[{step}]" if isinstance(step, int) else f".{step}" if told else step
        return told


@dataclass(slots=True)
class Tree:
    """The values of a file, the place of every key and value, and what was wrong on the way."""

    value: Any = None
    keys: dict[Path, Spot] = field(default_factory=dict)
    values: dict[Path, Spot] = field(default_factory=dict)
    complaints: list[Complaint] = field(default_factory=list)

    def spot(self, path: Path, *, key: bool = False) -> Spot:
        """Where this path stands, or the nearest thing around it that stands somewhere."""
        while path:
            places = (self.keys, self.values) if key else (self.values, self.keys)
            for known in places:
                if path in known:
                    return known[path]
            path, key = path[:-1], True
        return self.values.get((), Spot(1, 1))

    def known(self, path: Path) -> Path:
        """The longest beginning of a path that the file really has."""
        while path and path not in self.values and path not in self.keys:
            path = path[:-1]
        return path


def read_tree(text: str) -> Tree:
    """The tree of one YAML document; mistakes stand in `complaints`, and then `value` is not to be trusted."""
    tree = Tree()
    tree.complaints += _bad_spaces(text)
    if tree.complaints:
        return tree
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        tree.complaints.append(_syntax(error))
        return tree
    except yaml.YAMLError as error:  # a character that YAML does not allow; it knows no line
        tree.complaints.append(Complaint(Spot(1, 1), (), "playbook.fault.syntax", {"said": str(error).split("\n")[0]}))
        return tree
    if node is not None:
        tree.value = _Walk(tree, text.split("\n")).value(node, (), 0)
    return tree


def _bad_spaces(text: str) -> Iterator[Complaint]:
    for number, line in enumerate(text.split("\n"), 1):
        for match in _BAD_SPACE.finditer(line):
            group = 2 if match[2] else 4
            code = "playbook.fault.tab" if match[group] == "\t" else "playbook.fault.hard_space"
            yield Complaint(Spot(number, match.start(group) + 1), (), code)
            break


def _syntax(error: yaml.MarkedYAMLError) -> Complaint:
    mark = error.problem_mark or error.context_mark
    spot = Spot(mark.line + 1, mark.column + 1) if mark else Spot(1, 1)
    return Complaint(spot, (), "playbook.fault.syntax", {"said": error.problem or error.context or ""})


class _Walk:
    """One pass over the nodes; aliases may repeat them, so their number and depth are bounded."""

    def __init__(self, tree: Tree, lines: list[str]) -> None:
        self._tree = tree
        self._lines = lines
        self._left = _NODES

    def value(self, node: Node, path: Path, depth: int) -> Any:
        self._left -= 1
        self._tree.values[path] = _spot(node)
        if depth > _DEPTH or self._left < 0:
            self._complain(node, path, "playbook.fault.too_deep")
            return None
        if isinstance(node, MappingNode):
            return self._mapping(node, path, depth)
        if isinstance(node, SequenceNode):
            return [self.value(item, (*path, at), depth + 1) for at, item in enumerate(node.value)]
        return self._scalar(node, path)

    def _mapping(self, node: MappingNode, path: Path, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                self._complain(key, path, "playbook.fault.key_not_text")
                continue
            name = str(key.value)
            here = (*path, name)
            if name in found:
                first = self._tree.keys[here].line
                self._complain(key, here, "playbook.fault.key_twice", name=name, first=first)
                continue
            self._tree.keys[here] = _spot(key)
            found[name] = self.value(value, here, depth + 1)
        return found

    def _scalar(self, node: Node, path: Path) -> Any:
        text = str(node.value)
        if not isinstance(node, ScalarNode) or node.style is not None:
            return text
        if text == "" and self._hidden_colour(node):
            self._complain(node, path, "playbook.fault.colour_unquoted")
        if text.lower() in _WORDS:
            return _WORDS[text.lower()]
        if _INT.fullmatch(text):
            return int(text.replace("_", ""))
        if _FLOAT.fullmatch(text):
            return float(text.replace("_", ""))
        return text

    def _hidden_colour(self, node: Node) -> bool:
        line = self._lines[node.start_mark.line]
        return _COLOUR.match(line[node.start_mark.column :]) is not None

    def _complain(self, node: Node, path: Path, code: str, **facts: Any) -> None:
        self._tree.complaints.append(Complaint(_spot(node), path, code, facts))


def _spot(node: Node) -> Spot:
    return Spot(node.start_mark.line + 1, node.start_mark.column + 1)
