"""Data sets in MNIST's format: fetched and checked like MNIST, told apart by their content, with names for labels."""

import gzip
import hashlib
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.data import download, held_set, idx_sets, test_set
from core.data.datasets import DATASETS, load_training, main
from core.data.held_set import label_names, true_name
from core.data.idx import DatasetError
from core.data.idx_files import DatasetMissing, data_fault, data_folder
from core.data.idx_sets import DATASET_TITLES, DIGIT_NAMES, IDX_SETS, KMNIST_FILES

STEMS = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def idx(items: np.ndarray) -> bytes:
    """An IDX file of some items, (n, ...) uint8."""
    return struct.pack(f">BBBB{items.ndim}I", 0, 0, 8, items.ndim, *items.shape) + items.tobytes()


def made_files(seed: int, training: int = 300, test: int = 10_000) -> dict[str, bytes]:
    """The four files of a data set that is made up."""
    rng = np.random.default_rng(seed)
    files = {}
    for part, count in (("train", training), ("t10k", test)):
        files[f"{part}-images-idx3-ubyte"] = idx(rng.integers(0, 256, (count, 28, 28), np.uint8))
        files[f"{part}-labels-idx1-ubyte"] = idx(rng.integers(0, 10, count).astype(np.uint8))
    return files


def packed(contents: bytes) -> bytes:
    return gzip.compress(contents, 1, mtime=0)


def put(folder: Path, files: dict[str, bytes], pack: Callable[[bytes], bytes] = packed, suffix: str = ".gz") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for stem, contents in files.items():
        (folder / f"{stem}{suffix}").write_bytes(pack(contents))


def checksums(files: dict[str, bytes], knows_unpacked: bool = False) -> idx_sets.Official:
    """What a table of official files says of these."""
    return {
        f"{stem}.gz": (
            hashlib.md5(packed(contents)).hexdigest(), len(packed(contents)),
            hashlib.md5(contents).hexdigest() if knows_unpacked else None,
        )
        for stem, contents in files.items()
    }  # fmt: skip


@pytest.fixture
def official(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, dict[str, bytes]]:
    """Made-up files that count as the official ones of each data set, in folders of their own, none there yet."""
    found = {}
    for seed, name in enumerate(("mnist", "fashion", "kmnist")):
        found[name] = made_files(seed)
        declared = replace(IDX_SETS[name], files=checksums(found[name], name == "mnist"))
        monkeypatch.setitem(IDX_SETS, name, declared)
    for name, one in IDX_SETS.items():
        monkeypatch.setenv(one.variable, str(tmp_path / name))
    held_set._official.cache_clear()
    return found


def test_every_data_set_is_declared_everywhere_it_is_needed() -> None:
    assert tuple(DATASET_TITLES) == DATASETS == ("digits", *IDX_SETS)
    for name in ("mnist", "fashion", "kmnist"):
        declared = IDX_SETS[name]
        assert list(declared.files) == [f"{stem}.gz" for stem in STEMS] and declared.credit and declared.mirrors
        assert len(declared.labels) == len(set(declared.labels)) == 10
        for md5, size, _unpacked in declared.files.values():
            assert len(md5) == 32 and int(md5, 16) and size > 4_000
    everything = [md5 for one in IDX_SETS.values() for md5, _, _ in one.files.values()]
    assert len(everything) == len(set(everything)) == 12
    assert all("぀" <= letter <= "ゟ" for letter in IDX_SETS["kmnist"].labels)  # hiragana
    assert KMNIST_FILES["t10k-labels-idx1-ubyte.gz"][1] == 5_120


@pytest.mark.parametrize("name", ["fashion", "kmnist"])
def test_a_data_set_is_read_from_its_own_folder(name: str, official: dict[str, dict[str, bytes]]) -> None:
    with pytest.raises(DatasetMissing, match=IDX_SETS[name].title):
        load_training(name, 10)
    put(data_folder(name), official[name])
    loaded = load_training(name, 300)
    raw = np.frombuffer(official[name][STEMS[0]][16:], np.uint8).reshape(300, 784)
    assert (loaded.name, loaded.full_scale, loaded.side) == (name, 255, 28) and np.array_equal(loaded.images, raw)
    assert data_fault(name) is None and data_fault("mnist") is not None
    labels = np.frombuffer(official[name][STEMS[3]][8:], np.uint8)
    assert np.array_equal(np.sort(test_set.labels(name)), np.sort(labels)) and len(test_set.images(name)) == 10_000
    assert true_name(name) == name and label_names(name) == IDX_SETS[name].labels


@pytest.mark.parametrize("pack", [(packed, ".gz"), (bytes, "")], ids=["packed", "plain"])
def test_files_are_called_by_their_content_and_not_by_their_folder(
    official: dict[str, dict[str, bytes]], pack: tuple[Callable[[bytes], bytes], str]
) -> None:
    put(data_folder("mnist"), official["mnist"], *pack)
    assert true_name("mnist") == "mnist"
    put(data_folder("mnist"), official["fashion"], packed)
    for plain in data_folder("mnist").iterdir():
        if not plain.suffix:
            plain.unlink()
    assert true_name("mnist") == "fashion" and label_names("mnist")[0] == "T-shirt"
    put(data_folder("mnist"), made_files(9), packed)
    assert true_name("mnist") == "own" and label_names("mnist") == DIGIT_NAMES


@pytest.mark.parametrize("stem", STEMS)
def test_one_file_of_another_content_makes_it_no_mnist(stem: str, official: dict[str, dict[str, bytes]]) -> None:
    put(data_folder("mnist"), official["mnist"] | {stem: made_files(9)[stem]})
    assert true_name("mnist") == "own"


def test_a_folder_that_is_not_there_yet_has_the_name_of_what_it_waits_for(
    official: dict[str, dict[str, bytes]],
) -> None:
    assert [true_name(name) for name in DATASETS] == list(DATASETS)


def test_a_hosts_own_set_has_its_labels_from_a_file(official: dict[str, dict[str, bytes]]) -> None:
    folder = data_folder("own")
    put(folder, made_files(5, training=250, test=400))
    assert len(load_training("own", 250).images) == 250 and test_set.count("own") == 400
    halves = [test_set.opened_part("own"), test_set.unopened_part("own")]
    assert [one.stop - one.start for one in halves] == [200, 200]
    assert len(test_set.images("own")) == len(test_set.labels("own")) == 400
    assert label_names("own") == DIGIT_NAMES
    names = ["고양이", "dog", "bird", "fish", "frog", "horse", "ship", "truck", "car", "deer"]
    (folder / "labels.txt").write_text("\n".join(names) + "\n", encoding="utf-8-sig")
    assert label_names("own") == tuple(names)


@pytest.mark.parametrize("written", ["", "a\nb\nc", "\n".join("aaaaaaaaaa"), "\n".join("abcdefghijk"), "\ud800"])
def test_labels_that_are_not_ten_different_names_are_left_out(
    official: dict[str, dict[str, bytes]], written: str
) -> None:
    folder = data_folder("own")
    put(folder, made_files(5, training=250, test=400))
    (folder / "labels.txt").write_bytes(written.encode("utf-16" if written == "\ud800" else "utf-8", "surrogatepass"))
    assert label_names("own") == DIGIT_NAMES


def test_labels_hold_no_markup(official: dict[str, dict[str, bytes]]) -> None:
    folder = data_folder("own")
    put(folder, made_files(5, training=250, test=400))
    (folder / "labels.txt").write_text("\n".join(f"<b>[{letter}](x)`" + "y" * 50 for letter in "abcdefghij"))
    assert all(not set(name) & set("<>[]`*_$") and len(name) <= 20 for name in label_names("own"))


def test_without_its_variable_there_is_no_own_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OWN_IMAGES_DIR", raising=False)
    with pytest.raises(DatasetMissing, match="OWN_IMAGES_DIR"):
        load_training("own", 10)
    assert true_name("own") == "own" and label_names("own") == DIGIT_NAMES


def test_images_and_labels_of_a_test_part_must_be_as_many(official: dict[str, dict[str, bytes]]) -> None:
    files = made_files(5, training=250, test=400)
    put(data_folder("own"), files | {STEMS[2]: made_files(5, test=300)[STEMS[2]]})
    with pytest.raises(DatasetError, match="another number"):
        test_set.images("own")
    put(data_folder("own"), files | {STEMS[2]: made_files(5, test=100)[STEMS[2]]})
    with pytest.raises(DatasetError, match="200 to 10000"):
        test_set.images("own")


@pytest.mark.parametrize("name", ["fashion", "kmnist"])
def test_the_command_fetches_every_data_set_with_its_checksums(
    name: str,
    official: dict[str, dict[str, bytes]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked: list[tuple[str, str]] = []

    def arrive(title: str, file: str, md5: str, folder: Path, *_: object) -> None:
        asked.append((title, file))
        assert md5 == IDX_SETS[name].files[file][0]
        (folder / file).write_bytes(packed(official[name][file.removesuffix(".gz")]))

    monkeypatch.setattr(download, "_fetch", arrive)
    assert main([name]) == 0 and main([name]) == 0
    assert asked == [(IDX_SETS[name].title, f"{stem}.gz") for stem in STEMS]  # the second time nothing is missing
    assert f"{IDX_SETS[name].title} is already in" in capsys.readouterr().out


@pytest.mark.parametrize("stem", ["train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"])
def test_mnists_own_files_are_known(mnist_dir: Path, stem: str) -> None:
    path = held_set.find_file(mnist_dir, stem, "mnist")
    assert held_set._official.__wrapped__(path, stem, *held_set.file_state(path)) == {"mnist"}
