"""One run: a server, a load generator, and a look at what was stored."""

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.targets import Target
from benchmarks.workloads import Mode, Workload, body_of

__all__ = ["Measured", "measure", "scratch"]


@dataclass(frozen=True, slots=True)
class Measured:
    """What one run gave.

    Attributes:
        seconds: from the first byte to the last reply or close.
        files: how many were stored in that time.
        size: bytes of them all.
        processor: seconds of processor time that the server took for it, its children included.
    """

    seconds: float
    files: int
    size: int
    processor: float


def scratch() -> Path:
    """Return the folder for stores: in memory where there is one, so that no disk is measured."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() else Path(tempfile.gettempdir())


def measure(target: Target, workload: Workload, mode: Mode, *, scale: float) -> Measured:
    """Run a workload against a fresh server with an empty store, and check what it stored.

    Raises:
        RuntimeError: when something failed or is missing, so that there is nothing to measure.
    """
    if workload.total_files > 1:
        scale *= target.share
    work = workload.scaled(scale)
    folder = Path(tempfile.mkdtemp(prefix="jhup-benchmark-", dir=scratch()))
    store = folder / "store"
    store.mkdir()
    try:
        with target.running(folder, store) as server:
            command = [sys.executable, "-m", "benchmarks.load", target.protocol, "127.0.0.1", str(server.port)]
            command += [workload.key, mode.value, str(scale)]
            process = psutil.Process(server.process.pid)
            before = _processor_time(process)
            load = subprocess.run(command, capture_output=True, text=True, check=False)
            if load.returncode:
                raise RuntimeError(f"{target.title}: {load.stderr}")
            processor = _processor_time(process) - before
        _check(store, work)
    finally:
        shutil.rmtree(folder)
    return Measured(json.loads(load.stdout)["seconds"], work.total_files, work.total_bytes, processor)


def _processor_time(process: psutil.Process) -> float:
    times = [each.cpu_times() for each in (process, *process.children(recursive=True))]
    return sum(each.user + each.system for each in times)


def _check(store: Path, workload: Workload) -> None:
    sizes = [path.stat().st_size for path in store.iterdir()]
    if sizes != [workload.size] * workload.total_files:
        raise RuntimeError(
            f"{len(sizes)} files were stored, or not of the right sizes; expected {workload.total_files}"
        )
    body = body_of(workload)
    expected = hashlib.sha256()
    for _ in range(workload.size // len(body)):
        expected.update(body)
    with (store / f"c{workload.connections - 1}-f{workload.files - 1}").open("rb") as file:
        if hashlib.file_digest(file, "sha256").digest() != expected.digest():
            raise RuntimeError("what was stored differs from what was sent")
