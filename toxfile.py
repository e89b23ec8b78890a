"""What tox learns from this project: `--target`, the address that `tox -e conformance` judges."""

from tox.config.cli.parser import ToxParser
from tox.config.loader.memory import MemoryLoader
from tox.config.sets import EnvConfigSet
from tox.config.types import Command
from tox.plugin import impl
from tox.session.state import State

REFERENCE = "python -m jhup_reference upload --bind {host}:{port} --storage {storage}"


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
    """Give the environment `conformance` its command: judge the target, or start the reference and judge that."""
    if env_conf.name != "conformance":
        return
    options = list(state.conf.pos_args(None) or ())
    if state.conf.options.target:
        options.insert(0, state.conf.options.target)
    elif not {"--spawn", "--list", "--help"} & set(options):
        options = ["--spawn", REFERENCE, *options]
    env_conf.loaders.insert(0, MemoryLoader(commands=[Command(["jhup-conformance", *options])]))
