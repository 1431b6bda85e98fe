"""Snapshots of texts: what a collector sees, without a daemon."""

from __future__ import annotations

import os
import pathlib
from typing import TYPE_CHECKING

import attrs

from calicometrics.bird.parser import BUILT_IN_KINDS
from calicometrics.bird.recorded import RecordedBird
from calicometrics.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from calicometrics.bird.kinds import ProtocolKind

    Replies = Mapping[str, str] | str | os.PathLike[str]


def snapshot_of(
    replies: Replies | None = None,
    *,
    daemons: Mapping[str, Replies] | None = None,
    pages: Mapping[str, str] | None = None,
    kinds: Iterable[ProtocolKind] = (),
) -> Snapshot:
    """Return a snapshot of recorded texts.

    A command that has no reply is one that the daemon does not know; a daemon without any cannot do more than be asked.
    The replies are of the daemon's own time, taken as UTC, whatever the day of the test.

    Args:
        replies: What the daemon ``bird`` answers: command → reply in any framing, or a directory that holds
            ``show_status.raw`` for ``show status``, and so on.
        daemons: The same for daemons with names of their own.
        pages: Page name → text; Felix' page is ``felix``.
        kinds: Kinds of protocols beside the built-in ones.

    Raises:
        ValueError: A directory has no recordings.
        OSError: A directory cannot be read.
    """
    named = dict(daemons or {})
    if replies is not None:
        named = {"bird": replies, **named}
    return Snapshot(
        {name: RecordedBird(_texts(each)) for name, each in named.items()},
        {name: _TextPage(text) for name, text in (pages or {}).items()},
        kinds=(*BUILT_IN_KINDS, *kinds),
    )


@attrs.frozen
class _TextPage:
    text: str

    def read(self, deadline: float | None = None) -> str:  # noqa: ARG002 - texts are there at once
        return self.text


def _texts(replies: Replies) -> Mapping[str, str]:
    if not isinstance(replies, str | os.PathLike):
        return replies
    found = {
        path.stem.replace("_", " ").replace("STAR", "*"): path.read_text(encoding="utf-8")
        for path in sorted(pathlib.Path(replies).glob("*.raw"))
    }
    if not found:
        raise ValueError(f"{os.fspath(replies)}: no COMMAND.raw files in this directory")
    return found
