"""Reads regular files, and nothing that could keep its reader waiting."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pathlib


def read_regular(path: pathlib.Path, most: int) -> bytes:
    """Return a file's content; of a larger one, the beginning and one byte more than there may be.

    Args:
        path: The file.
        most: Bytes.

    Raises:
        OSError: It cannot be read, or is no regular file.
    """
    try:
        # Without O_NONBLOCK, opening a named pipe that nobody writes to would wait for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except ValueError:
        raise OSError(errno.EINVAL, "there cannot be such a path") from None
    try:
        # Not by open(): for a directory it raises, and leaves the descriptor to us.
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "not a regular file")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(most + 1)
    finally:
        os.close(descriptor)
