"""The suite under mutation: its oracles and its judging code, each changed in one place at a time, and what notices it.

`python -m conformance.mutation` changes what `plan.toml` names, runs the tests named there, and prints the score.
"""
