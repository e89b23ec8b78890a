"""Judging the echo services of chapter 10: streams and datagrams, every service, shape and serving."""
