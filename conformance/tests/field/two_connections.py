"""Takes headers on one connection and bodies on the next one, as FTP separates control from data."""

import contextlib
import sys
from pathlib import Path

from plain import open_listener, read_exactly, read_header, read_length, size_of, store_folder


def main() -> None:
    folder = store_folder(sys.argv[2])
    listener = open_listener(int(sys.argv[1]))
    while True:
        control, _ = listener.accept()
        with control, contextlib.suppress(OSError, ValueError, EOFError):
            while length := read_length(control):
                header = read_header(control, length)
                data, _ = listener.accept()
                with data:
                    (folder / Path(header["filename"]).name).write_bytes(read_exactly(data, size_of(header)))


if __name__ == "__main__":
    main()
