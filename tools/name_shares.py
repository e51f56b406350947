"""Builds `b24kit/matching/name_shares.txt.gz`: how often names are borne, folded as `names.fold` folds them.

Sources: the counts of `russiannames` (BSD-3-Clause, Ivan Begtin) and the 1990 census lists of the United States that
the package `names` carries (public domain). Needs both and duckdb; nothing of b24kit needs them at run time.
"""

from __future__ import annotations

import gzip
import math
import sys
from collections import Counter
from collections.abc import Iterable
from importlib import resources
from pathlib import Path

import duckdb

from b24kit.matching.names import fold

ASIAN_GIVEN_SHARE = 0.004
OUT = Path(__file__).resolve().parents[1] / "b24kit/matching/name_shares.txt.gz"
LEAST_GIVEN, LEAST_SURNAME = 1e-5, 5e-6
HEADER = "# folded name, bits as a given name, bits as a surname (-log2 of the share; - is rarer than the table goes)"

# Surnames of Asia as foreign partners write them in Latin: shares of the people who write to a firm, rounded.
ASIAN = """
wang .02 li .02 zhang .02 liu .015 chen .015 yang .01 huang .008 zhao .008 wu .008 zhou .007 xu .006 sun .005 ma .005
zhu .005 hu .004 guo .004 he .004 lin .004 gao .003 luo .003 lee .012 kim .015 park .006 choi .003 jung .003 kang .002
nguyen .01 tran .004 le .003 pham .003 singh .01 kumar .01 sharma .004 gupta .003 patel .003 khan .004 ali .003
yu .004 wei .004 tang .003 feng .003 deng .003 cao .003 peng .003 zeng .003 xiao .003 tian .003 dong .003 pan .003
yuan .003 cai .003 jiang .003 du .002 ye .002 cheng .002 su .002 lu .003 lv .002 ding .002 ren .002 yao .002 shen .002
zhong .002 cui .002 tan .002 fan .002 liao .002 shi .002 jin .002 jia .002 xia .002 fu .002 fang .002 zou .002 bai .002
meng .002 qin .002 qiu .002 hou .002 yin .002 xue .002 yan .002 duan .002 lei .002 long .002 tao .002 mao .002 hao .002
sato .002 suzuki .002 tanaka .002 takahashi .002 watanabe .002
"""
# One-syllable given names of China, by the same rounding.
ASIAN_GIVEN = "wei jun lei tao yu jie li ming bin bo hao jing yan xin peng feng long qiang hui kai chao yi ying ping"


def main() -> None:
    """Write the table; print how many names it holds."""
    given = _shares(_russian("names"), LEAST_GIVEN)
    surnames = _shares(_russian("surnames"), LEAST_SURNAME)
    for name, share in _census("male", "female").items():
        given[name] = max(given.get(name, 0.0), share)
    for name, share in [*_census("all").items(), *_asian()]:
        surnames[name] = max(surnames.get(name, 0.0), share)
    for name in ASIAN_GIVEN.split():
        given[fold(name)] = max(given.get(fold(name), 0.0), ASIAN_GIVEN_SHARE)
    given = {name: share for name, share in given.items() if share >= LEAST_GIVEN}
    surnames = {name: share for name, share in surnames.items() if share >= LEAST_SURNAME}
    lines = [HEADER]
    lines += [f"{name} {_bits(given.get(name))} {_bits(surnames.get(name))}" for name in sorted({*given, *surnames})]
    with OUT.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
        packed.write(("\n".join(lines) + "\n").encode())
    sys.stdout.write(f"{len(given)} given names, {len(surnames)} surnames, {OUT.stat().st_size} bytes\n")


def _russian(table: str) -> Iterable[tuple[str, int]]:
    path = resources.files("russiannames").joinpath("data", f"{table}.parquet")
    return duckdb.sql(f"select text, count from read_parquet('{path}') where text is not null and count > 0").fetchall()


def _shares(counts: Iterable[tuple[str, int]], least: float) -> dict[str, float]:
    folded: Counter[str] = Counter()
    for name, count in counts:
        folded[fold(name)] += count
    everybody = sum(folded.values())
    return {name: count / everybody for name, count in folded.items() if name and count / everybody >= least}


def _census(*lists: str) -> dict[str, float]:
    """Per cent of the population by folded name; the two lists of given names hold half of the people each."""
    found: Counter[str] = Counter()
    for kind in lists:
        file = "dist.all.last" if kind == "all" else f"dist.{kind}.first"
        for line in resources.files("names").joinpath(file).read_text().splitlines():
            name, percent, *_ = line.split()
            found[fold(name)] += float(percent) / 100 / len(lists)
    return dict(found)


def _asian() -> Iterable[tuple[str, float]]:
    words = ASIAN.split()
    return [(fold(name), float(share)) for name, share in zip(words[::2], words[1::2], strict=True)]


def _bits(share: float | None) -> str:
    return "-" if not share else f"{-math.log2(share):.1f}"


if __name__ == "__main__":
    main()
