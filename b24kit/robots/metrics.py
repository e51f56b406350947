"""Counters and durations of the robots' service, told in the text format that Prometheus reads."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping

_BOUNDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.0, 5.0, 15.0, 60.0)
Labels = tuple[tuple[str, str], ...]
_HELP = {
    "b24kit_requests_total": "Requests to the receiver by answer.",
    "b24kit_events_total": "Events stored, by portal and where they came from.",
    "b24kit_answer_seconds": "From the last byte of a request to its answer.",
    "b24kit_cards_total": "Cards decided on, by portal.",
    "b24kit_actions_total": "Actions by portal, kind and outcome.",
    "b24kit_errors_total": "Failed passes and cards by portal and error code.",
    "b24kit_pass_seconds": "One pass over due cards.",
    "b24kit_reaction_seconds": "From the moment a card became due to its decision.",
    "b24kit_cards": "Cards by portal and state: due, waiting, held, dead.",
    "b24kit_lag_seconds": "How long the oldest due card waits.",
    "b24kit_backlog_cards": "Cards of a heap that are not acted on yet, as the last pass found it.",
    "b24kit_backlog_seconds": "Promised seconds until the heap is worked off, lowest and highest.",
}


class Metrics:
    """Shared by all threads of the service."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, dict[Labels, float]] = defaultdict(lambda: defaultdict(float))
        self._buckets: dict[str, dict[Labels, list[float]]] = defaultdict(dict)

    def count(self, metric: str, by: float = 1, /, **labels: str) -> None:
        """So many more of something."""
        with self._lock:
            self._counts[metric][_labels(labels)] += by

    def observe(self, metric: str, seconds: float, /, **labels: str) -> None:
        """One more duration."""
        with self._lock:
            kept = self._buckets[metric].setdefault(_labels(labels), [0.0] * (len(_BOUNDS) + 2))
            for place, bound in enumerate(_BOUNDS):
                kept[place] += seconds <= bound
            kept[-2] += 1
            kept[-1] += seconds

    def total(self, metric: str, /, **labels: str) -> float:
        """The sum of a counter over everything that has these labels."""
        wanted = set(labels.items())
        with self._lock:
            return sum(value for labels_, value in self._counts[metric].items() if wanted <= set(labels_))

    def text(self, gauges: Mapping[str, Mapping[Labels, float]] | None = None) -> str:
        """The page that Prometheus scrapes; `gauges` are values of this very moment."""
        lines: list[str] = []
        with self._lock:
            for metric in sorted(self._counts):
                lines += _head(metric, "counter")
                lines += [_line(metric, labels, value) for labels, value in sorted(self._counts[metric].items())]
            for metric in sorted(self._buckets):
                lines += _head(metric, "histogram")
                for labels, kept in sorted(self._buckets[metric].items()):
                    lines += _histogram(metric, labels, kept)
        for metric, values in sorted((gauges or {}).items()):
            lines += _head(metric, "gauge")
            lines += [_line(metric, labels, value) for labels, value in sorted(values.items())]
        return "\n".join(lines) + "\n"


def _labels(labels: Mapping[str, str]) -> Labels:
    return tuple(sorted(labels.items()))


def _head(metric: str, kind: str) -> list[str]:
    return [f"# HELP {metric} {_HELP.get(metric, metric)}", f"# TYPE {metric} {kind}"]


def _histogram(metric: str, labels: Labels, kept: list[float]) -> list[str]:
    lines = [_line(f"{metric}_bucket", (*labels, ("le", f"{b:g}")), n) for b, n in zip(_BOUNDS, kept, strict=False)]
    lines.append(_line(f"{metric}_bucket", (*labels, ("le", "+Inf")), kept[-2]))
    return [*lines, _line(f"{metric}_count", labels, kept[-2]), _line(f"{metric}_sum", labels, kept[-1])]


def _line(metric: str, labels: Labels, value: float) -> str:
    told = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels)
    return f"{metric}{{{told}}} {value:g}" if told else f"{metric} {value:g}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
