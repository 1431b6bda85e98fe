"""FileSource: pages from files, and what is no page."""

import os
import time

import pytest

from calicometrics.errors import SourceError
from calicometrics.sources import FileSource


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "page.prom"
    path.write_text("a 1\n")
    return path


def test_the_page_is_what_the_file_holds_now(path):
    source = FileSource(path)
    assert source.read() == "a 1\n"
    path.write_text("a 2\n")
    assert source.read(time.monotonic() + 60) == "a 2\n"


def test_carriage_returns_are_kept(path):
    path.write_bytes(b"a 1\r\n")
    assert FileSource(path).read() == "a 1\r\n"


def test_bytes_that_are_no_utf8_cost_themselves_only(path):
    path.write_bytes('a{b="é'.encode() + b'\xff"} 1\n')
    assert FileSource(path).read() == 'a{b="é\ufffd"} 1\n'


def test_its_name_shows_where_it_reads(path):
    assert repr(FileSource(path)) == f"FileSource({str(path)!r})"


def test_a_file_that_is_missing_is_an_error_that_names_it(tmp_path):
    with pytest.raises(SourceError, match="/none.prom: open: no such file or directory"):
        FileSource(tmp_path / "none.prom").read()


def test_a_path_that_no_file_can_have_is_an_error():
    with pytest.raises(SourceError, match="open: there cannot be such a path"):
        FileSource("a\0b").read()


def test_a_directory_is_no_page(tmp_path):
    with pytest.raises(SourceError, match=": open: is a directory"):
        FileSource(tmp_path).read()


def test_a_named_pipe_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SourceError, match="/pipe: open: not a regular file"):
        FileSource(tmp_path / "pipe").read()


def test_an_error_while_reading_names_the_file():
    with pytest.raises(SourceError, match="/proc/self/mem: read: input/output error"):
        FileSource("/proc/self/mem").read()


def test_a_file_may_be_exactly_as_large_as_allowed(path):
    path.write_text("x" * 1000)
    assert len(FileSource(path, max_page=1000).read()) == 1000
    with pytest.raises(SourceError, match="/page.prom: read: the page is larger than 999 bytes"):
        FileSource(path, max_page=999).read()


def test_a_deadline_that_is_over_is_an_error(path):
    with pytest.raises(SourceError, match="/page.prom: read: timeout after 0 bytes"):
        FileSource(path).read(time.monotonic())


def test_a_thousand_reads_that_fail_leave_no_descriptor(tmp_path, path):
    before = len(os.listdir("/proc/self/fd"))
    for source in (FileSource(tmp_path), FileSource(path, max_page=1), FileSource(tmp_path / "none")):
        for _ in range(334):
            with pytest.raises(SourceError):
                source.read()
    assert len(os.listdir("/proc/self/fd")) == before
