import pytest
from build_lexicon import drop_offensive, plain, read_scowl, stems


@pytest.mark.parametrize(
    ("written", "word"),
    [("Café", "cafe"), ("don't", "dont"), ("Dickens's", "dickens"), ("naïveté", "naivete")],
)
def test_words_are_made_plain(written, word):
    assert plain(written) == word


def test_sizes_are_merged_commonest_first(tmp_path):
    (tmp_path / "english-words.35").write_text("zebra\napple's\nbee\n", encoding="utf-8")
    (tmp_path / "american-words.10").write_text("bee\ncafé\n", encoding="utf-8")
    (tmp_path / "english-words.95").write_text("zyzzyva\n", encoding="utf-8")
    (tmp_path / "special-hacker.50").write_text("nybble\n", encoding="utf-8")
    assert read_scowl(tmp_path) == ["bee", "cafe", "apple", "zebra"]


@pytest.mark.parametrize(
    ("word", "stem"),
    [("raping", "rape"), ("spitting", "spit"), ("testing", "test"), ("flies", "fly")],
)
def test_inflections_find_the_likeliest_stem(word, stem):
    assert list(stems(word, {"rap", "rape", "spit", "test", "testy", "fly"})) == [stem]


def test_offensive_words_go_with_their_inflections_and_compounds():
    words = ["slave", "slaves", "slaving", "slav", "enslave", "bullshitter", "glass"]
    assert drop_offensive(words, {"slave", "ass"}) == ["slav", "enslave", "glass"]
