"""What tox learns from this project: `--target`, the address that `tox -e conformance` judges."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from tox.config.cli.parser import ToxParser
from tox.config.loader.memory import MemoryLoader
from tox.config.sets import EnvConfigSet
from tox.config.types import Command
from tox.plugin import impl
from tox.session.state import State

REFERENCE = "python -m jhup_reference upload --bind {host}:{port} --storage {storage}"
JHUP_CLIENT = ("jhup-client", "put", "{reply:--reply}", "{files}", "{address}")
ECHO = "python -m jhup_reference echo --service {service} --bind {bind} --serving {serving}"
SWITCHES = frozenset(
    {
        "--allow-unverified", "--help", "--last-failed", "--learn", "--list", "--no-color", "--no-trim", "--quiet",
        "--strict", "--tls-insecure", "--verbose", "--version", "-h", "-q", "-v", "-x",
    }
)  # fmt: skip
"""The options of the suite that take no value (a test compares them with the suite's): a word after one of them, or
after the value of another one, is a target or a command."""


@impl
def tox_add_option(parser: ToxParser) -> None:
    """Take `--target` on tox's own command line."""
    parser.add_argument(
        "--target",
        type=str,
        of_type=str,
        default=None,
        help="the server that `-e conformance` judges: HOST:PORT, tls://HOST:PORT, unix:PATH; the reference if absent",
    )


@impl
def tox_add_env_config(env_conf: EnvConfigSet, state: State) -> None:
    """Set the commands of the environments `conformance` and `client`."""
    if env_conf.name in {"conformance", "client"}:
        options = list(state.conf.pos_args(None) or ())
        words = commands(state.conf.options.target, options) if env_conf.name == "conformance" else [client(options)]
        loaded = MemoryLoader(commands=[Command(each) for each in words], ignore_errors=True)
        env_conf.loaders.insert(0, loaded)


def commands(target: str | None, options: list[str]) -> list[list[str]]:
    """Return what to run: judge the target, or else start the reference and judge that.

    An address or a command of the suite among the options is never ignored. With nothing at all, the reference's
    upload service is judged, then each of its echo services in each of its forms.

    Args:
        target: from tox's own command line.
        options: what stood after `--`.
    """
    if target:
        return [["jhup-conformance", target, *options]]
    named = {word.partition("=")[0] for word in options}
    if next(positional(options), None) or {"--spawn", "--list", "--help", "-h", "--version"} & named:
        return [["jhup-conformance", *options]]
    found = [["jhup-conformance", "--spawn", reference(options), *options]]
    if not options:
        found.append(["jhup-conformance", "matrix", "--spawn", ECHO])
    return found


def positional(options: Sequence[str]) -> Iterator[str]:
    """Yield the words that are no options and no values of options."""
    takes_value = False
    for word in options:
        if not takes_value and not word.startswith("-"):
            yield word
        takes_value = not takes_value and word.startswith("-") and "=" not in word and word not in SWITCHES


def client(words: Sequence[str]) -> list[str]:
    """Return the command that judges a client: `COMMAND…`, options of the suite, or both with a `--` between them."""
    if "--" in words:
        return ["jhup-conformance", "client", *words]
    if words and not words[0].startswith("-"):
        return ["jhup-conformance", "client", "--", *words]
    return ["jhup-conformance", "client", *words, "--", *JHUP_CLIENT]


def reference(options: Sequence[str]) -> str:
    """Return the command that starts the reference for the service that the options name."""
    for option, value in pairwise([*options, ""]):
        service = value if option == "--service" else option.removeprefix("--service=")
        if service in {"upper", "greet", "worker"}:
            return ECHO.replace("{service}", service).replace("{serving}", "threading")
    return REFERENCE
