import io
import socket

import numpy as np
import pytest
from flaky_server import FlakyServer
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.ocr import http_stream
from course_utils.ocr.http_stream import TRIES, DownloadError, HttpStream

CONTENT = np.random.default_rng(0).bytes(300_000)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(http_stream, "PAUSE", 0.001)
    monkeypatch.setattr(http_stream, "TIMEOUT", 0.3)


def read_all(url):
    with io.BufferedReader(HttpStream(url), 10_000) as file:
        return file.read()


@pytest.mark.parametrize("path", ["archive", "moved"])
@pytest.mark.parametrize("length", [True, False])
def test_reads_everything(path, length):
    with FlakyServer(CONTENT, length=length) as server:
        assert read_all(server.url(path)) == CONTENT


def test_an_empty_file():
    with FlakyServer(b"") as server:
        assert read_all(server.url()) == b""


@pytest.mark.parametrize("stall", [False, True], ids=["dropped", "stalled"])
def test_goes_on_at_the_byte_where_it_stopped(stall):
    with FlakyServer(CONTENT, cuts=[100_000, 50_000], stall=stall) as server:
        assert read_all(server.url()) == CONTENT
        assert server.asked == [None, "bytes=100000-", "bytes=150000-"]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 5000), max_size=3 * TRIES))
def test_any_number_of_breaks_is_survived_while_each_connection_brings_something(cuts):
    with FlakyServer(CONTENT[:20_000], cuts) as server:
        assert read_all(server.url()) == CONTENT[:20_000]


def test_a_server_that_cannot_resume_is_read_again_and_that_is_said(caplog):
    with FlakyServer(CONTENT, cuts=[100_000], ranges=False) as server:
        assert read_all(server.url()) == CONTENT
    assert "the server cannot resume, reading its first 100,000 bytes again" in caplog.text


@pytest.mark.parametrize("ranges", [True, False])
def test_the_tries_are_bounded(ranges):
    cuts = [1000] + ([0] if ranges else [1000]) * 20
    with FlakyServer(CONTENT, cuts, ranges=ranges) as server:
        with pytest.raises(DownloadError, match=f"stopped at byte 1,000 after {TRIES} tries"):
            read_all(server.url())
        assert len(server.asked) == TRIES


@pytest.mark.parametrize("change", [{"tag": '"2"'}, {"content": CONTENT[:-1]}])
def test_content_that_changes_meanwhile_is_refused(change):
    with FlakyServer(CONTENT, cuts=[100_000]) as server, HttpStream(server.url()) as stream:
        stream.read(1000)
        for name, value in change.items():
            setattr(server, name, value)
        with pytest.raises(DownloadError, match="changed while it was read"):
            io.BufferedReader(stream).read()


def test_another_range_than_the_one_asked_for_is_refused():
    with FlakyServer(CONTENT, cuts=[100_000]) as server:
        server.shift = 1
        with pytest.raises(DownloadError, match="sent another range"):
            read_all(server.url())


def test_missing():
    with FlakyServer(CONTENT) as server, pytest.raises(DownloadError, match="404: Not Found"):
        HttpStream(server.url("other"))


def test_nobody_listens():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(DownloadError, match=f"^http://127.0.0.1:{port}/x: .*refused"):
        HttpStream(f"http://127.0.0.1:{port}/x")


@pytest.mark.parametrize("url", ["http://", "http://a b/", "nonsense"])
def test_nonsense(url):
    with pytest.raises(DownloadError, match="^" + url):
        HttpStream(url)
