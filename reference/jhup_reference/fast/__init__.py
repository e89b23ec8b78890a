"""What is here for speed alone; the plain server imports none of it.

`splicing`: long bodies go from the socket to the file inside the kernel. `multiplexing`: one loop for all connections
of a process. `prefork`: several processes, and a parent that keeps them alive.
"""
