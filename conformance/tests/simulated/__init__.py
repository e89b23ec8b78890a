"""A world in one thread: connections in memory, and a time that jumps when everybody waits.

Servers written as blocking code run in it as they are, each thread a greenlet. What happens is the same each time.
"""
