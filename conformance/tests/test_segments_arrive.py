"""The evidence that cuts arrive: a server that logs its reads sees paced segments as reads of their own."""

import json
import sys
from collections import Counter
from pathlib import Path

from running import Judge, Servers

ENOUGH = 1.0 if sys.platform.startswith("linux") else 0.9
"""The share of cuts that have to reach a server as separate reads; without pauses it is a fiftieth."""


def test_cuts_reach_the_server_as_reads_of_their_own(tmp_path: Path, servers: Servers, judge: Judge) -> None:
    store, log = tmp_path / "store", tmp_path / "reads"
    store.mkdir()
    address = servers.start("logging_reader.py", "--storage", store, "--log", log)

    judged = judge(address, "--storage", store, "--clause", "FRAME-4", "--profile", "broad")

    reads = Counter(line["connection"] for line in map(json.loads, log.read_text().splitlines()) if line["length"])
    # A connection with a cut is read at least twice: uncut ones (controls, calibration) are the only ones read once.
    cut = judged.clause("FRAME-4")["executions"]
    arrived = sum(count >= 2 for count in reads.values())
    clause = judged.clause("FRAME-4")
    if sys.platform.startswith("linux"):
        assert (clause["cuts_proven"] > 0, clause["cuts_paced"]) == (True, 0)
    print(f"{arrived} of {cut - 20} cuts arrived as reads of their own")
    assert arrived >= ENOUGH * (cut - 20), (arrived, cut)
