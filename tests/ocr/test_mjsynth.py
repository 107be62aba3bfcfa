import gzip
import io
import os
import pickle
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import numpy as np
import pytest
from flaky_server import FlakyServer
from PIL import Image

from course_utils.ocr import http_stream, mjsynth, word_store
from course_utils.ocr.alphabet import Alphabet
from course_utils.ocr.datasets import collate
from course_utils.ocr.mjsynth import MJSynth, MJSynthError, open_mjsynth

REAL = Path(__file__).parents[3] / "shared/data/real_words/mjsynth_dev"
needs_real = pytest.mark.skipif(not REAL.is_dir(), reason="needs ../shared/data/real_words")


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(http_stream, "PAUSE", 0.001)
    monkeypatch.setattr(http_stream, "TIMEOUT", 0.3)


def jpeg(number, height=31, width=100):
    pixels = np.random.default_rng(number).integers(0, 256, (height, width, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "jpeg")
    return file.getvalue()


def original(content):
    """The original course's image: grey, white on the right and below."""
    grey = np.array(Image.open(io.BytesIO(content)).convert("L"))
    grey = np.concatenate([grey, np.full((32 - grey.shape[0], grey.shape[1]), 255)])
    return np.concatenate([grey, np.full((32, 128 - grey.shape[1]), 255)], axis=1)


# Twelve files in numerical order, seven of them usable, and what is wrong with the others.
FILES = {
    "1/1/1_one_1.jpg": jpeg(1),
    "1/1/2_Two_2.jpg": jpeg(2, 32, 128),
    "1/1/10_TEN_10.jpg": jpeg(3),
    "1/2/3_wide_3.jpg": jpeg(4, 31, 129),
    "1/2/4_high_4.jpg": jpeg(5, 33, 90),
    "1/2/5_empty_5.jpg": b"",
    "1/10/6_corrupt_6.jpg": jpeg(6)[:700],
    "1/10/7_don't_7.jpg": jpeg(7),
    "2/1/8_digits123_8.jpg": jpeg(8, 20, 20),
    "2/1/9_" + "ab" * 15 + "_9.jpg": jpeg(9),
    "10/1/11_" + "ll" * 11 + "_11.jpg": jpeg(10),
    "10/1/12_last_12.JPG": jpeg(11),
}
USABLE = ["one", "Two", "TEN", "digits123", "ab" * 15, "last"]
SKIPPED = {
    "3_wide_3.jpg": "larger than 32 x 128",
    "4_high_4.jpg": "larger than 32 x 128",
    "5_empty_5.jpg": "empty",
    "6_corrupt_6.jpg": "damaged or cut short",
    "7_don't_7.jpg": "is not in the alphabet",
    "11_" + "ll" * 11 + "_11.jpg": "needs 43 time steps",
}


def put(folder, files):
    for name, content in files.items():
        path = folder / "90kDICT32px" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def pack(files):
    """The bytes of a .tar.gz like MJSynth's own, names and all."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"mnt/ramdisk/max/90kDICT32px/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return file.getvalue()


def many(count):
    return {f"1/1/{n}_{Alphabet().characters[n % 62]}w{n}_{n}.jpg": jpeg(n) for n in range(count)}


def texts(words):
    return [word.text for word in words]


def assert_skipped(skipped):
    found = {name.rpartition("/")[2]: reason for name, reason in skipped}
    assert found.keys() == SKIPPED.keys()
    for name, reason in SKIPPED.items():
        assert reason in found[name]


class TestFolder:
    def test_usable_images_in_numerical_order(self, tmp_path):
        words = MJSynth(put(tmp_path, FILES), "all")
        assert texts(words) == USABLE
        assert_skipped(words.skipped)

    def test_images_are_the_originals(self, tmp_path):
        words = MJSynth(put(tmp_path, FILES) / "90kDICT32px", "all")
        for word, name in zip(words, [n for n in FILES if n.split("_")[1] in USABLE], strict=True):
            assert word.image.dtype == np.uint8
            np.testing.assert_array_equal(word.image, original(FILES[name]))

    def test_larger_images_resized(self, tmp_path):
        words = MJSynth(put(tmp_path, FILES), "all", skip_larger=False)
        assert texts(words) == ["one", "Two", "TEN", "wide", "high", *USABLE[3:]]
        assert (words[3].image[31:] == 255).all()
        assert (words[4].image[:, 87:] == 255).all()
        assert (words[4].image[31, :87] < 255).any()
        assert all(word.image.shape == (32, 128) for word in words)

    def test_stretched(self, tmp_path):
        words = MJSynth(put(tmp_path, FILES), "all", fit="stretch")
        assert (words[0].image[:, 110:] < 255).any()

    def test_every_tenth_usable_image_validates(self, tmp_path):
        folder = put(tmp_path, many(25) | {"1/1/3_broken_3.jpg": b""})
        everything = texts(MJSynth(folder, "all"))
        assert texts(MJSynth(folder, "validation")) == [everything[9], everything[19]]
        assert texts(MJSynth(folder)) == everything[:9] + everything[10:19] + everything[20:]
        train, validation = open_mjsynth(folder, limit=15)
        assert texts(train) == everything[:9] + everything[10:15]
        assert texts(validation) == [everything[9]]
        assert len(train.skipped) == 1

    def test_limit_looks_no_further(self, tmp_path):
        words = MJSynth(put(tmp_path, FILES), "all", limit=3)
        assert texts(words) == USABLE[:3]
        assert words.skipped == []

    def test_batches(self, tmp_path):
        words = MJSynth(put(tmp_path, FILES), "all")
        images, labels = collate(list(words))
        assert images.shape == (6, 32, 128, 1)
        assert [Alphabet().decode(row) for row in labels] == USABLE
        assert texts([words[-1]]) == ["last"]
        with pytest.raises(IndexError):
            words[6]

    def test_official_split(self, tmp_path):
        folder = put(tmp_path, FILES)
        (folder / "90kDICT32px" / "annotation_val.txt").write_text(
            "./2/1/8_digits123_8.jpg 8\n./1/1/1_one_1.jpg 1\n./9/9/9_gone_9.jpg 9\n"
        )
        words = MJSynth(folder, "validation", official=True)
        assert texts(words) == ["digits123", "one"]
        assert words.skipped == [("9/9/9_gone_9.jpg", "No such file or directory")]
        with pytest.raises(MJSynthError, match=r"has no annotation_train\.txt"):
            MJSynth(folder, "train", official=True)

    def test_refusals(self, tmp_path):
        with pytest.raises(MJSynthError, match="nowhere: cannot be listed"):
            MJSynth(tmp_path / "nowhere")
        with pytest.raises(MJSynthError, match="no usable word image, 0 passed over"):
            MJSynth(tmp_path)
        with pytest.raises(MJSynthError, match="nowhere: no such folder or archive"):
            open_mjsynth(tmp_path / "nowhere")
        with pytest.raises(MJSynthError, match="6 usable word images, 6 passed over; at least 10"):
            open_mjsynth(put(tmp_path, FILES))

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"split": "test"}, "'test': choose one of all, train, validation"),
            ({"split": "all", "official": True}, "'all': choose one of train, validation, test"),
            ({"fit": "crop"}, "'crop': choose"),
            ({"limit": 0}, "at least 1"),
        ],
    )
    def test_wrong_options(self, tmp_path, options, message):
        with pytest.raises(ValueError, match=message):
            MJSynth(put(tmp_path, FILES), **options)

    @needs_real
    def test_real_images(self):
        lines = (REAL / "labels.tsv").read_text().splitlines()
        labels = dict(line.split("\t") for line in lines)
        words = MJSynth(REAL, "all", skip_larger=False)
        assert sorted(texts(words)) == sorted(labels.values())
        assert words.skipped == []

        small = {}
        for name, label in labels.items():
            with Image.open(REAL / name) as image:
                width, height = image.size
            if height <= 32 and width <= 128:
                small[label] = original((REAL / name).read_bytes())
        words = MJSynth(REAL, "all")
        assert len(words.skipped) == len(labels) - len(small) > 0
        assert sorted(texts(words)) == sorted(small)
        for word in words:
            np.testing.assert_array_equal(word.image, small[word.text])


class TestArchive:
    def open(self, tmp_path, content, **options):
        path = tmp_path / "mjsynth.tar.gz"
        path.write_bytes(content)
        return open_mjsynth(path, cache_dir=tmp_path / "cache", **options)

    def test_the_same_as_from_the_folder(self, tmp_path):
        files = FILES | {f"99/{name}": content for name, content in many(20).items()}
        from_folder = open_mjsynth(put(tmp_path, files))
        from_archive = self.open(tmp_path, pack(files))
        for expected, found in zip(from_folder, from_archive, strict=True):
            assert texts(found) == texts(expected)
            for one, other in zip(expected, found, strict=True):
                np.testing.assert_array_equal(one.image, other.image)
        assert_skipped(from_archive[0].skipped)

    def test_options_reach_the_images_and_never_share_a_cache(self, tmp_path):
        content = pack(FILES | many(20))
        padded, _ = self.open(tmp_path, content)
        everything, _ = self.open(tmp_path, content, skip_larger=False)
        stretched, _ = self.open(tmp_path, content, fit="stretch")
        assert "wide" not in texts(padded)
        assert "wide" in texts(everything)
        assert (padded[0].image[:, 100:] == 255).all()
        assert (stretched[0].image[:, 110:] < 255).any()

    def test_stops_after_the_limit(self, tmp_path):
        whole = pack(many(150))
        train, validation = self.open(tmp_path, whole[: len(whole) // 2], limit=50)
        assert (len(train), len(validation)) == (45, 5)

    def test_the_second_time_comes_from_the_cache(self, tmp_path, monkeypatch):
        content = pack(many(30))
        with FlakyServer(content) as server:
            url = server.url()
            first = open_mjsynth(url, 20, tmp_path)
        second = open_mjsynth(url, 20, tmp_path)  # nobody serves it any more
        assert texts(first[0]) == texts(second[0])

    def test_a_changed_archive_is_read_again(self, tmp_path):
        self.open(tmp_path, pack(many(20)))
        train, _ = self.open(tmp_path, pack(many(40)))
        assert len(train) == 36

    def test_workers_share_the_file_and_own_their_images(self, tmp_path):
        train, _ = self.open(tmp_path, pack(many(100)))
        sent = pickle.dumps(train)
        assert len(sent) < 5000
        word = pickle.loads(sent)[3]
        np.testing.assert_array_equal(word.image, train[3].image)
        word.image[:] = 0
        assert train[3].image.any()

    def test_names_never_become_paths(self, tmp_path):
        evil = {"../../../../../../evil_x_1.jpg": jpeg(0), "/tmp/evil_y_1.jpg": jpeg(1)}
        train, _ = self.open(tmp_path, pack(many(20) | evil))
        assert {"x", "y"} <= set(texts(train) + texts(_))
        assert [path for path in tmp_path.rglob("*evil*")] == []

    def test_only_regular_image_files_count(self, tmp_path):
        file = io.BytesIO()
        with tarfile.open(fileobj=file, mode="w:gz") as archive:
            for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE):
                member = tarfile.TarInfo("1_link_1.jpg")
                member.type, member.linkname = kind, "/etc/passwd"
                archive.addfile(member)
            for name, content in many(10).items():
                for suffix in ("", ".txt"):
                    member = tarfile.TarInfo(name + suffix)
                    member.size = len(content)
                    archive.addfile(member, io.BytesIO(content))
        train, validation = self.open(tmp_path, file.getvalue())
        assert len(train) + len(validation) == 10
        assert train.skipped == []

    def test_too_many_bytes(self, tmp_path):
        big = {"1_big_1.jpg": jpeg(0) + bytes(mjsynth.MAX_BYTES)}
        train, _ = self.open(tmp_path, pack(big | many(10)))
        assert [reason for _, reason in train.skipped] == ["the file has more than 1,048,576 bytes"]

    @pytest.mark.parametrize(
        "damage",
        [
            lambda whole: b"",
            lambda whole: b"<html>Please log in</html>",
            lambda whole: whole[: len(whole) // 2],
            lambda whole: whole[:-4],
            lambda whole: whole[:-8] + bytes(8),
            lambda whole: whole[:5000] + bytes(100) + whole[5100:],
            lambda whole: gzip.compress(b"not a tar archive" * 1000),
            lambda whole: gzip.compress(gzip.decompress(whole)[:20_000]),
        ],
        ids=["empty", "html", "half", "no trailer", "checksum", "zeros", "no tar", "half a tar"],
    )
    def test_damaged_archives(self, tmp_path, damage):
        with pytest.raises(MJSynthError, match=r"mjsynth\.tar\.gz: not a whole \.tar\.gz"):
            self.open(tmp_path, damage(pack(many(60))))
        assert list((tmp_path / "cache").iterdir()) == []

    def test_no_usable_image(self, tmp_path):
        with pytest.raises(MJSynthError, match="0 usable word images, 1 passed over"):
            self.open(tmp_path, pack({"1_x_1.jpg": b""}))

    def test_unwritable_cache(self, tmp_path):
        (tmp_path / "cache").write_text("a file")
        with pytest.raises(MJSynthError, match=r"cannot be written \(File exists\)"):
            self.open(tmp_path, pack(many(20)))

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
    def test_full_disk(self, tmp_path, monkeypatch):
        def full(path, *_):
            return open("/dev/full" if path.name == "words.npy" else path, "wb")

        monkeypatch.setattr(word_store, "open", full, raising=False)
        with pytest.raises(MJSynthError, match=r"cannot be written \(No space left"):
            self.open(tmp_path, pack(many(20)))
        assert list((tmp_path / "cache").iterdir()) == []

    def test_damaged_cache(self, tmp_path):
        self.open(tmp_path, pack(many(20)))
        (file,) = (tmp_path / "cache").glob("*/words.npy")
        os.truncate(file, 5000)
        with pytest.raises(MJSynthError, match="damaged, delete it"):
            open_mjsynth(tmp_path / "mjsynth.tar.gz", cache_dir=tmp_path / "cache")

    @needs_real
    def test_real_images(self, tmp_path):
        files = {
            path.relative_to(REAL / "90kDICT32px").as_posix(): path.read_bytes()
            for path in sorted(REAL.rglob("*.jpg"))
        }
        train, validation = self.open(tmp_path, pack(files))
        expected = {word.text: word.image for word in MJSynth(REAL, "all")}
        assert len(train) + len(validation) == len(expected)
        for word in [*train, *validation]:
            np.testing.assert_array_equal(word.image, expected[word.text])


class TestAddress:
    @pytest.mark.parametrize("ranges", [True, False], ids=["range", "no range"])
    @pytest.mark.parametrize("stall", [False, True], ids=["dropped", "stalled"])
    def test_broken_connections(self, tmp_path, ranges, stall):
        content = pack(many(60))
        with FlakyServer(content, [len(content) // 3], stall, ranges) as server:
            words = open_mjsynth(server.url("moved"), cache_dir=tmp_path)
        assert sorted(texts([*words[0], *words[1]])) == sorted(n.split("_")[1] for n in many(60))

    def test_reads_no_further_than_needed(self, tmp_path):
        content = pack(many(300))
        with FlakyServer(content, [len(content) // 2]) as server:
            open_mjsynth(server.url(), 20, tmp_path)
            assert server.asked == [None]

    @pytest.mark.parametrize(
        ("path", "content", "message"),
        [
            ("none", b"", "none: HTTP Error 404: Not Found"),
            ("archive", b"", r"not a whole \.tar\.gz"),
            ("archive", pack(many(60))[:50_000], r"not a whole \.tar\.gz"),
        ],
        ids=["missing", "empty", "truncated"],
    )
    def test_one_sentence_and_no_cache(self, tmp_path, path, content, message):
        with FlakyServer(content) as server, pytest.raises(MJSynthError, match=message):
            open_mjsynth(server.url(path), cache_dir=tmp_path)
        assert list(tmp_path.iterdir()) == []

    def test_a_server_that_gives_up(self, tmp_path):
        message = "stopped at byte 1,000 after 5 tries"
        server = FlakyServer(pack(many(60)), [1000] + [0] * 20)
        with server, pytest.raises(MJSynthError, match=message):
            open_mjsynth(server.url(), cache_dir=tmp_path)
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.skipif(os.name == "nt", reason="kill -9")
    def test_killed_in_the_middle(self, tmp_path):
        content = pack(many(60))
        with FlakyServer(content, [len(content) // 2], stall=True) as server:
            call = f"open_mjsynth({server.url()!r}, cache_dir={str(tmp_path)!r})"
            code = f"from course_utils.ocr.mjsynth import open_mjsynth; {call}"
            process = subprocess.Popen([sys.executable, "-c", code])
            while not any(file.stat().st_size for file in tmp_path.glob("*/words.npy")):
                assert process.poll() is None
                time.sleep(0.01)
            process.send_signal(signal.SIGKILL)
            process.wait()
            train, validation = open_mjsynth(server.url(), cache_dir=tmp_path)
        assert (len(train), len(validation)) == (54, 6)
        assert len(list(tmp_path.iterdir())) == 1

    def test_two_at_once(self, tmp_path, monkeypatch):
        content = pack(many(20))
        write = word_store._write

        def overtaken(words, path):
            monkeypatch.setattr(word_store, "_write", write)
            open_mjsynth(server.url(), cache_dir=tmp_path)
            write(words, path)

        monkeypatch.setattr(word_store, "_write", overtaken)
        with FlakyServer(content) as server:
            train, _ = open_mjsynth(server.url(), cache_dir=tmp_path)
        assert len(train) == 18
        assert len(list(tmp_path.iterdir())) == 1
