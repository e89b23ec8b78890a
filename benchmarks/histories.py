"""How long a verdict on a history takes: `python -m benchmarks.histories [OPERATIONS…]`.

The history is right, and wide: some 32 operations are under way at any time, a third of them puts. The search of Wing,
Gong and Lowe, which the tests compare the verdict with, does not end within minutes on such histories.
"""

import sys
import time
from random import Random

from jhup.histories import Action, Operation, find_violation

WIDTH = 32


def draw(count: int, random: Random) -> list[Operation]:
    """Draw a history by choosing for each operation the moment at which it takes effect."""
    value: str | None = None
    operations = []
    for moment in range(count):
        action = Action.WRITE if random.random() < 1 / 3 else Action.READ
        if action is Action.WRITE:
            value = f"v{moment}"
        start, end = moment - random.random() * WIDTH, moment + random.random() * WIDTH
        operations.append(Operation(action, value, start, end))
    random.shuffle(operations)
    return operations


def main() -> None:
    for count in map(int, sys.argv[1:] or ("1000", "10000", "100000")):
        history = draw(count, Random(count))
        begun = time.process_time()
        violation = find_violation(history)
        taken = time.process_time() - begun
        print(f"{count:>7,} operations: {taken * 1000:8.1f} ms of processor time, {violation or 'linearizable'}")


if __name__ == "__main__":
    main()
