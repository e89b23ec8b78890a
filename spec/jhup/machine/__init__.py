"""The state machine of a server's connection, made from the model by program: as data, as a picture, and as test words.

The inputs are whole frames and pieces that keep frames aligned (`jhup.machine.symbols`); the outputs are what a client
observes. Where a clause leaves a choice, an input has several right outputs. It is pure, like all of `jhup`.
"""

from jhup.machine.client import seen_by_client
from jhup.machine.data import read_machine, write_dot, write_machine
from jhup.machine.derive import derive_machine
from jhup.machine.drawing import draw_machine
from jhup.machine.labels import EdgeKey
from jhup.machine.specified import SPECIFIED, specified_files, specified_machine
from jhup.machine.states import CLOSES, NOTHING, Edge, Machine, Output, Word
from jhup.machine.suites import state_identifiers, without_skipped, wp_words
from jhup.machine.symbols import ALPHABETS, NAME, SIZE, SYMBOLS, Symbol, choose_symbols

__all__ = [
    "ALPHABETS",
    "CLOSES",
    "NAME",
    "NOTHING",
    "SIZE",
    "SPECIFIED",
    "SYMBOLS",
    "Edge",
    "EdgeKey",
    "Machine",
    "Output",
    "Symbol",
    "Word",
    "choose_symbols",
    "derive_machine",
    "draw_machine",
    "read_machine",
    "seen_by_client",
    "specified_files",
    "specified_machine",
    "state_identifiers",
    "without_skipped",
    "wp_words",
    "write_dot",
    "write_machine",
]
