"""The machine of a server's connection: it is the model's, it is minimal, and its words find mistakes."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jhup.machine import (
    ALPHABETS,
    NAME,
    NOTHING,
    SIZE,
    SPECIFIED,
    SYMBOLS,
    Edge,
    Machine,
    Output,
    Word,
    choose_symbols,
    derive_machine,
    draw_machine,
    read_machine,
    specified_files,
    specified_machine,
    state_identifiers,
    without_skipped,
    wp_words,
    write_dot,
    write_machine,
)
from jhup.messages import Failure, Greeting, Stored
from jhup.model import Ending, Outcome, Server, outcomes

FILES = Path(__file__).parents[1] / "formats" / "machines"
REPLIES = specified_machine("server-replies")
SMALL = derive_machine(choose_symbols(ALPHABETS["small"]))


def stream_of(word: Word) -> tuple[bytes, bool]:
    """Return the bytes of a word, and whether the stream ends with them."""
    data = b"".join(SYMBOLS[key].data_at(place) for place, key in enumerate(word))
    return data, bool(word) and SYMBOLS[word[-1]].ends


def walk(machine: Machine, random: Random, length: int) -> tuple[Word, list[Output]]:
    """Draw a conversation that the machine allows, until nothing can be sent any more."""
    state, word, outputs = 0, [], []
    for _ in range(length):
        drawn = (*word, *random.sample(machine.keys, len(machine.keys)))
        key = without_skipped(machine, drawn)[len(word)]
        output, state = random.choice(list(machine.edges[state][key].items()))
        word.append(key)
        outputs.append(output)
        if machine.is_sink(state) or key == "end":
            break
    return tuple(word), outputs


def said(outcome: Outcome) -> Iterator[tuple[str, ...]]:
    """Return the ways in which the replies of an outcome may be seen, written once more by hand."""
    seen: list[tuple[str, ...]] = [()]
    for expected in outcome.replies:
        match expected.reply:
            case Failure(code):
                ways = {code.value} | {other.value for other in expected.also}
            case Greeting():
                ways = {"greeting"}
            case Stored():
                ways = {"ok"}
        seen = [(*way, token) for way in seen for token in ways] + ([*seen] if expected.optional else [])
    yield from seen


@given(seed=st.integers(0, 2**32))
@settings(max_examples=300, deadline=None)
def test_every_conversation_of_the_machine_is_right_by_the_model(seed: int) -> None:
    word, outputs = walk(REPLIES, Random(seed), 8)

    data, ended = stream_of(word)
    replies = tuple(reply for output in outputs for reply in output.replies)
    endings = {Ending.CLOSED, Ending.EITHER} if outputs[-1].closes else {Ending.OPEN, Ending.EITHER}
    right = [each for each in outcomes(data, server=Server(), ended=ended) if replies in said(each)]
    assert any(each.ending in endings for each in right), (word, outputs)


@given(word=st.lists(st.sampled_from(REPLIES.keys[:-1]), max_size=6).map(tuple))
@settings(max_examples=300, deadline=None)
def test_every_right_outcome_is_a_conversation_of_the_machine(word: Word) -> None:
    word = without_skipped(REPLIES, word)
    possible: dict[tuple[tuple[str, ...], bool], set[int]] = {((), False): {0}}
    for key in word:
        following: dict[tuple[tuple[str, ...], bool], set[int]] = {}
        for (replies, closed), states in possible.items():
            for state in states:
                for output, target in REPLIES.edges[state][key].items():
                    seen = (replies + output.replies, closed or output.closes)
                    following.setdefault(seen, set()).add(target)
        possible = following

    data, ended = stream_of(word)
    for outcome in outcomes(data, server=Server(), ended=ended):
        for replies in said(outcome):
            assert outcome.ending is Ending.CLOSED or (replies, False) in possible
            assert outcome.ending is Ending.OPEN or (replies, True) in possible


@pytest.mark.parametrize("name", SPECIFIED)
def test_no_two_states_are_alike(name: str) -> None:
    machine = specified_machine(name)

    assert machine.merged() == machine
    assert len(set(machine.states)) == len(machine.states)


def test_states_that_show_the_same_are_merged() -> None:
    doubled = Machine(SMALL.symbols, (*SMALL.states, "again"), (*SMALL.edges, SMALL.edges[1]))
    led = changed(doubled, 0, "header", {NOTHING: len(SMALL.states)})

    assert led.merged() == SMALL


def test_looking_further_ahead_finds_no_more_states() -> None:
    further = derive_machine(choose_symbols(ALPHABETS["small"]), ahead=4)

    assert further == SMALL
    assert SMALL.states == (
        "between requests", "in a body", "in a refused body", "in a refused body, told", "over",
    )  # fmt: skip


@pytest.mark.parametrize("symbol", SYMBOLS.values(), ids=SYMBOLS)
def test_symbols_keep_frames_aligned(symbol: object) -> None:
    key = next(key for key, each in SYMBOLS.items() if each is symbol)
    sizes = {"half": 2, "rest": SIZE - 2, "end": 0}

    data = SYMBOLS[key].data_at(7, "another-00001")
    assert len(data) == sizes.get(key, SIZE)
    assert NAME.encode() not in data
    assert SYMBOLS[key].data_at(7, "another-00001") != SYMBOLS[key].data_at(8, "another-00001") or key in {
        "half",
        "end",
    }


@pytest.mark.parametrize("keys", [["put", "push"], ["put", "put"]], ids=["unknown", "twice"])
def test_bad_keys_of_symbols_are_named(keys: list[str]) -> None:
    with pytest.raises(ValueError, match=r"'push' is no symbol; there are put, |'put' stands twice"):
        choose_symbols(keys)


def changed(machine: Machine, state: int, key: str, edge: Edge) -> Machine:
    edges: list[Mapping[str, Edge]] = list(machine.edges)
    edges[state] = {**edges[state], key: edge}
    return Machine(machine.symbols, machine.states, tuple(edges))


def mutants(machine: Machine) -> Iterator[Machine]:
    """Return machines with one other output, one other target, or a copied state that differs in one output."""
    for state in range(len(machine.states)):
        if machine.is_sink(state):
            continue
        for key in machine.keys:
            [(output, target)] = machine.edges[state][key].items()
            wrong = Output(("wrong",))
            yield changed(machine, state, key, {wrong: target})
            for other in range(len(machine.states)):
                if other != target:
                    yield changed(machine, state, key, {output: other})
            copied = Machine(machine.symbols, (*machine.states, "copy"), (*machine.edges, machine.edges[target]))
            led = changed(copied, state, key, {output: len(machine.states)})
            for different in machine.keys:
                [(_, after)] = machine.edges[target][different].items()
                yield changed(led, len(machine.states), different, {wrong: after})


def differ(machine: Machine, other: Machine) -> bool:
    """Tell whether two machines differ before the right one is over, by following both at once as a client does."""
    waiting, seen = [((), 0, 0)], set()
    while waiting:
        word, one, two = waiting.pop()
        half_open = bool(word) and SYMBOLS[word[-1]].half == 1
        if (one, two, half_open) in seen or machine.is_sink(one):
            continue
        seen.add((one, two, half_open))
        for key in machine.keys:
            if not SYMBOLS[key].is_skipped(half_open=half_open):
                [(output, after)] = machine.edges[one][key].items()
                [(observed, reached)] = other.edges[two][key].items()
                if output != observed:
                    return True
                waiting.append(((*word, key), after, reached))
    return False


@pytest.mark.parametrize("machine", [SMALL, REPLIES], ids=["small", "replies"])
def test_words_find_every_server_with_one_mistake_and_one_state_more(machine: Machine) -> None:
    right = machine.resolved()
    words = wp_words(right, extra=1)
    expected = [right.run(word) for word in words]
    tried = 0

    for mutant in mutants(right):
        if differ(right, mutant):
            tried += 1
            assert [mutant.run(word) for word in words] != expected

    assert tried > 100


def test_words_have_no_beginning_of_another_among_them() -> None:
    words = wp_words(SMALL.resolved())

    assert not [one for one in words for other in words if one != other and other[: len(one)] == one]
    assert list(words) == sorted(words, key=len) or [len(word) for word in words] == sorted(map(len, words))


def test_identifiers_tell_each_state_from_all_others() -> None:
    machine = REPLIES.resolved()

    for state, words in enumerate(state_identifiers(machine)):
        for other in range(len(machine.states)):
            same = all(machine.run(word, state) == machine.run(word, other) for word in words)
            assert same is (state == other)


def test_a_machine_follows_a_conversation_that_it_allows() -> None:
    ok = Output(("ok",))

    assert SMALL.follow(("header", "hello"), (NOTHING, ok)) == 0
    assert SMALL.follow(("header", "hello"), (NOTHING, NOTHING)) is None


@pytest.mark.parametrize("name", SPECIFIED)
def test_machines_survive_being_written(name: str) -> None:
    machine = specified_machine(name)

    assert read_machine(write_machine(machine, role="server")) == machine


@pytest.mark.parametrize("text", ["{}", "[]", '{"format":2}', "?"], ids=["empty", "array", "format", "no JSON"])
def test_what_is_no_machine_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_machine(text)


def test_the_files_of_the_specification_are_current() -> None:
    """`jhup-conformance learn --specification spec/formats/machines` writes them anew."""
    assert {path.name: path.read_text("utf-8") for path in FILES.iterdir()} == specified_files()


def test_a_drawing_shows_states_and_marked_edges_as_text() -> None:
    marks = {(0, "hello"): "hello.json", (1, "put"): ""}

    drawing = ElementTree.fromstring(draw_machine(SMALL, title="A < B", marks=marks))
    space = "{http://www.w3.org/2000/svg}"
    texts = ["".join(each.itertext()) for each in drawing.iter(f"{space}text")]
    links = [each.attrib["href"] for each in drawing.iter(f"{space}a")]

    assert drawing.findtext(f"{space}title") == "A < B"
    assert [name for name in SMALL.states if name not in texts] == ["over"]
    assert "✗ hello / greeting" in texts
    assert links == ["hello.json"]
    assert not list(drawing.iter(f"{space}script"))


def test_the_language_of_graphviz_has_all_states_and_edges() -> None:
    text = write_dot(SMALL, title='a "b"')

    assert text.startswith('digraph "a \\"b\\"" {')
    assert 's1 [label="in a body"];' in text
    assert 's0 -> s1 [label="header / nothing"];' in text
