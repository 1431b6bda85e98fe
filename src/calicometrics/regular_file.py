"""Opens and reads regular files, and nothing that could keep its reader waiting."""

from __future__ import annotations

import errno
import os
import stat


def open_regular(path: str | os.PathLike[str]) -> int:
    """Return the descriptor of a file that is open for reading; whoever asks for it closes it.

    Raises:
        OSError: It cannot be opened, or is no regular file.
    """
    try:
        # Without O_NONBLOCK, opening a named pipe that nobody writes to would wait for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except ValueError:  # it has a NUL; Python's words for that differ by version
        raise OSError(errno.EINVAL, "there cannot be such a path") from None
    # Not by open(): for a directory it raises, and leaves the descriptor to us.
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return descriptor
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    raise OSError(errno.EINVAL, "not a regular file")


def read_regular(path: str | os.PathLike[str], most: int) -> bytes:
    """Return a file's content; of a larger one, the beginning and one byte more than there may be.

    Args:
        path: The file.
        most: Bytes.

    Raises:
        OSError: It cannot be read, or is no regular file.
    """
    with os.fdopen(open_regular(path), "rb") as file:
        return file.read(most + 1)
