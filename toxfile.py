"""What tox learns from this project: `--target`, the address that `tox -e conformance` judges."""

from itertools import pairwise

from tox.config.cli.parser import ToxParser
from tox.config.loader.memory import MemoryLoader
from tox.config.sets import EnvConfigSet
from tox.config.types import Command
from tox.plugin import impl
from tox.session.state import State

REFERENCE = "python -m jhup_reference upload --bind {host}:{port} --storage {storage}"
ECHO = "python -m jhup_reference echo --service {service} --bind {bind} --serving {serving}"


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
    """Give the environment `conformance` its commands: judge the target, or start the reference and judge that.

    Without a target and without options that is the upload service, then each echo service in each of its forms.
    """
    if env_conf.name != "conformance":
        return
    options = list(state.conf.pos_args(None) or ())
    commands = [Command(["jhup-conformance", *options])]
    if state.conf.options.target:
        commands = [Command(["jhup-conformance", state.conf.options.target, *options])]
    elif not {"--spawn", "--list", "--help", "compare", "explain", "matrix", "replay"} & set(options):
        commands = [Command(["jhup-conformance", "--spawn", _reference(options), *options])]
        if not options:
            commands.append(Command(["jhup-conformance", "matrix", "--spawn", ECHO]))
    env_conf.loaders.insert(0, MemoryLoader(commands=commands, ignore_errors=True))


def _reference(options: list[str]) -> str:
    """Give the command that starts the reference for the service that the options name."""
    for option, value in pairwise([*options, ""]):
        service = value if option == "--service" else option.removeprefix("--service=")
        if service in {"upper", "greet", "worker"}:
            return ECHO.replace("{service}", service).replace("{serving}", "threading")
    return REFERENCE
