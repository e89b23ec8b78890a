"""Bytes on sockets: nothing here judges."""
