import os
import urllib.request
from urllib.error import URLError

import pytest

from course_utils.teaching.server import serving


@pytest.mark.parametrize("before", [None, "example.org"])
def test_serves_a_folder_past_any_proxy_and_only_inside_the_block(
    tmp_path, monkeypatch, capfd, before
):
    (tmp_path / "word.txt").write_text("word")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    if before is None:
        monkeypatch.delenv("no_proxy", raising=False)
    else:
        monkeypatch.setenv("no_proxy", before)
    with serving(tmp_path) as address:
        with urllib.request.urlopen(f"{address}/word.txt", timeout=10) as answer:
            assert answer.read() == b"word"
        assert address.startswith("http://127.0.0.1:")
    assert os.environ.get("no_proxy") == before
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with pytest.raises(URLError):
        urllib.request.urlopen(f"{address}/word.txt", timeout=10)
    assert capfd.readouterr().err == ""
