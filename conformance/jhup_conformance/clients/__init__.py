"""Judging upload clients: a scripted server, files that change, one process of the client for each case.

`cli.py` is the command; `checks/` holds the cases, a file for each section of chapter 9; `engine.py` runs them.
"""
