"""Brings the zoo before the suite: field servers, correct variants, pairs of faults; says what the suite says wrongly.

``python conformance/tests/judge_field.py servers|variants|pairs [NAMES]``. One line for each run, then the figures. The
exit status is 1 when the suite was wrong about any of them.
"""

import json
import statistics
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import click
from field.field_table import FIELD
from field.judging import Expected, Said, faults_found, judge, wrong
from field.simulating import judge_simulated
from variants.generate import Variant, variants

TESTS = Path(__file__).parent
EITHER_WAY = frozenset({0, 1, 4})
"""The exit statuses of servers with a fault: one in a SHOULD alone conforms; simulated, not all can be judged."""

sys.path.insert(0, str(TESTS / "servers"))  # the fault tables are made for being run from there
from fault_pairs import draw  # noqa: E402
from later_faults import ECHO, UPLOAD  # noqa: E402


@dataclass(frozen=True, slots=True)
class Judged:
    """One run.

    Attributes:
        expected: what had to be said.
        said: what was.
        problems: what was said wrongly.
    """

    expected: Expected
    said: Said
    problems: tuple[str, ...]

    def line(self) -> str:
        said = self.said
        head = f"{self.expected.name}: status {said.status}, {said.met or 'no class'}, {said.seconds:.1f} s"
        contact = (said.report.get("first_contact") or {}).get("line", "")
        return f"{head}{f', {contact}' if contact else ''}; found {' '.join(said.found) or 'nothing'}"


def judge_all(cases: Sequence[Expected], jobs: int, options: Sequence[str], *, simulated: bool = False) -> list[Judged]:
    """Judge them, some at a time, and print one line each."""
    judged = []
    for expected, said in zip(cases, heard(cases, jobs, options, simulated=simulated), strict=True):
        each = Judged(expected, said, tuple(wrong(expected, said)))
        click.echo(each.line())
        for problem in each.problems:
            click.echo(f"    {problem:.400}")
        judged.append(each)
    return judged


def heard(cases: Sequence[Expected], jobs: int, options: Sequence[str], *, simulated: bool) -> Iterator[Said]:
    """Yield what the suite says of each, in order."""
    if simulated:
        told = judge_simulated([each for each in cases if not each.process], jobs, options)
        for expected in cases:
            yield judge(expected, *options, *expected.options) if expected.process else next(told)
        return
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(lambda expected: judge(expected, *options, *expected.options), cases)


def figures(judged: Sequence[Judged]) -> str:
    seconds = sorted(each.said.seconds for each in judged)
    wrong_ones = sum(bool(each.problems) for each in judged)
    times = f"median {statistics.median(seconds):.1f} s, nine of ten {seconds[len(seconds) * 9 // 10 - 1]:.1f} s"
    return f"{len(judged)} runs, {wrong_ones} with something wrong; {times}, longest {seconds[-1]:.1f} s"


def write(judged: Sequence[Judged], to: Path | None) -> None:
    """Write what was found, for a closer look."""
    if to:
        rows = [
            {
                "name": each.expected.name,
                "status": each.said.status,
                "met": each.said.met,
                "seconds": round(each.said.seconds, 1),
                "found": each.said.found,
                "problems": each.problems,
                "first_contact": each.said.report.get("first_contact"),
                "printed": each.said.printed[-4000:],
            }
            for each in judged
        ]
        to.write_text(json.dumps(rows, indent=1, ensure_ascii=False), "utf-8")


Command = Callable[..., None]


def common(function: Command) -> Command:
    """Add the options that all commands have."""
    for option in (
        click.option("--jobs", default=2, show_default=True, help="Runs at a time."),
        click.option("--profile", default="default", show_default=True, help="Of the suite."),
        click.option("--json", "to", type=click.Path(path_type=Path), help="Write what was found to this file."),
    ):
        function = option(function)
    return function


simulation = click.option(
    "--simulated", is_flag=True, help="On a network in memory, but for servers that only a process shows."
)


def finish(judged: Sequence[Judged], to: Path | None) -> None:
    write(judged, to)
    click.echo(figures(judged))
    sys.exit(1 if any(each.problems for each in judged) else 0)


@click.group(help=__doc__)
def main() -> None:
    pass


@main.command()
@click.argument("names", nargs=-1)
@click.option("--attached", is_flag=True, help="Give the suite an address and a folder, and let it start nothing.")
@click.option("--seed", default=0, show_default=True, help="Of all random choices.")
@common
def servers(names: tuple[str, ...], attached: bool, seed: int, jobs: int, profile: str, to: Path | None) -> None:
    """Field servers."""
    cases = [
        each.expected(attached=attached) for each in FIELD if each.is_runnable and each.name in (names or [each.name])
    ]
    finish(judge_all(known(cases, names), jobs, ["--profile", profile, "--seed", str(seed)]), to)


@main.command("variants")
@click.argument("names", nargs=-1)
@click.option("--seeds", default=1, show_default=True, help="How many runs of each, with another seed.")
@simulation
@common
def correct_variants(
    names: tuple[str, ...], seeds: int, simulated: bool, jobs: int, profile: str, to: Path | None
) -> None:
    """Correct variants: nothing may be found."""
    judged: list[Judged] = []
    for seed in range(seeds):
        chosen = [each for each in variants() if each.name in (names or [each.name])]
        cases = [expected_of(each, simulated=simulated) for each in chosen]
        options = ["--profile", profile, "--seed", str(seed)]
        judged += judge_all(known(cases, names), jobs, options, simulated=simulated)
    finish(judged, to)


def expected_of(variant: Variant, *, simulated: bool = False) -> Expected:
    """Return what has to be said of a correct variant: nothing, but for the SHOULDs that it is against.

    Of one that shows too little, or takes hardly any body, not all clauses can be judged.
    """
    choices = variant.choices
    has_replies = choices.replies == "yes"
    shows_little = choices.max_filesize in {"0", "1"} or (choices.names == "encoded" and not has_replies)
    shows_little = shows_little or simulated
    script = str(TESTS / ("variant_threads.py" if simulated else "variant_server.py"))
    words = [sys.executable, script, "--port", "{port}", "--storage", "{storage}", *variant.choices.words()]
    return Expected(
        name=variant.name,
        words=words,
        statuses=frozenset({0, 4}) if shows_little else frozenset({0}),
        met=frozenset() if shows_little else frozenset({"replies" if has_replies else "safe"}),
        warned=choices.warned,
    )


@main.command()
@click.option("--count", default=200, show_default=True, help="How many pairs are drawn.")
@click.option("--skip", default=0, show_default=True, help="How many of these are left out, from the first on.")
@click.option("--seed", default=0, show_default=True, help="Of the pairs, and of all random choices.")
@simulation
@common
def pairs(count: int, skip: int, seed: int, simulated: bool, jobs: int, profile: str, to: Path | None) -> None:
    """Two faults in one server: each caught, or hidden by the other, and nobody else accused.

    The clauses that have to be blamed are judged once more, alone and by the default profile.
    """
    drawn = list(draw(count, seed))[skip:]
    cases = [
        Expected(
            name=str(pair),
            words=[
                *(
                    sys.executable,
                    str(TESTS / "servers" / "fault_pairs.py"),
                    "--port",
                    "{port}",
                    "--storage",
                    "{storage}",
                ),
                *("--fault", pair.first, "--fault", pair.second),
            ],
            statuses=EITHER_WAY,
            related=dict.fromkeys(pair.blamed, "one of the two faults") | pair.related,
            is_flaky=bool(pair.wavers),
            process=pair.process,
        )
        for pair in drawn
    ]
    judged = judge_all(cases, jobs, ["--profile", profile, "--seed", str(seed)], simulated=simulated)
    closer = [replace(each, options=clauses_as_options(pair.blamed)) for pair, each in zip(drawn, cases, strict=True)]
    looked_closer = list(heard(closer, jobs, ["--profile", "default", "--seed", str(seed)], simulated=simulated))
    counts: Counter[str] = Counter()
    for pair, each, close in zip(drawn, judged, looked_closer, strict=True):
        blamed = [fault.blamed for fault in pair.faults]
        first, second = (faults_found(blamed, said) for said in (each.said, close))
        for name, ways in zip((pair.first, pair.second), zip(first, second, strict=True), strict=True):
            way = next(word for word in ("caught", "hidden", "missed") if word in ways)
            counts[way] += 1
            if way != "caught":
                click.echo(f"{way}: {name}, in {pair}")
    accused = sum(problem.startswith("ACCUSED") for each in judged for problem in each.problems)
    told = ", ".join(f"{counts[word]} {word}" for word in ("caught", "hidden", "missed"))
    click.echo(f"{len(drawn)} pairs, seed {seed}: {told} of {2 * len(drawn)} faults; {accused} clauses wrongly accused")
    finish(judged, to)


@main.command("faults")
@click.argument("names", nargs=-1)
@click.option("--seed", default=0, show_default=True, help="Of all random choices.")
@click.option("--alone", is_flag=True, help="Judge the clauses that each fault breaks, and no others.")
@simulation
@common
def later(
    names: tuple[str, ...], seed: int, alone: bool, simulated: bool, jobs: int, profile: str, to: Path | None
) -> None:
    """Faults that the suite did not see at first."""
    if alone and simulated:
        raise click.UsageError("--alone and --simulated don't go together")
    cases = [each for each in (*upload_faults(), *echo_faults()) if each.name in (names or [each.name])]
    if alone:
        cases = [replace(each, options=[*each.options, *clauses_as_options(each.blamed)]) for each in cases]
    options = ["--profile", profile, "--seed", str(seed)]
    finish(judge_all(known(cases, names), jobs, options, simulated=simulated), to)


def clauses_as_options(clauses: Iterable[str]) -> list[str]:
    return [word for each in sorted(clauses) for word in ("--clause", each)]


def upload_faults() -> Iterator[Expected]:
    script = str(TESTS / "servers" / "upload_faults.py")
    for name, fault in UPLOAD.items():
        yield Expected(
            name=name,
            words=[sys.executable, script, "--port", "{port}", "--storage", "{storage}", "--fault", name],
            statuses=EITHER_WAY,
            blamed=fault.blamed,
            related=fault.related,
            is_flaky=bool(fault.wavers),
            process=fault.process,
        )


def echo_faults() -> Iterator[Expected]:
    script = str(TESTS / "servers" / "echo_faults.py")
    for name, fault in ECHO.items():
        is_shape = fault.way not in {"udp", "unix", "unixgram"}
        shape = fault.way if is_shape else "one-shot"
        bind = "udp://{host}:{port}" if fault.way == "udp" else "{bind}"
        yield Expected(
            name=name,
            words=[
                sys.executable,
                script,
                "--service",
                fault.service,
                "--shape",
                shape,
                "--bind",
                bind,
                "--fault",
                name,
            ],
            options=["--service", fault.service, *(["--shape", shape] if is_shape else []), *fault.options],
            statuses=EITHER_WAY,
            blamed=fault.blamed,
            related=fault.related,
        )


def known(cases: Sequence[Expected], names: Sequence[str]) -> list[Expected]:
    if unknown := set(names) - {each.name for each in cases}:
        raise click.UsageError(f"nobody is called {', '.join(sorted(unknown))}")
    return list(cases)


if __name__ == "__main__":
    main()
