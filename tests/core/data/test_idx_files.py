"""MNIST's files are found under all names that programs give them, and by what they hold, whatever lies beside them."""

import gzip
import hashlib
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.data import download
from core.data.datasets import load_training, main
from core.data.idx import DatasetError
from core.data.idx_files import PARTS, DatasetMissing, data_fault, data_folder, find_file
from core.data.idx_sets import IDX_SETS
from tests.core.data.test_datasets import DIGITS, HELD, IMAGES, LABELS, PIXELS, TEST_PART, TINY
from tests.support.privileges import without_privileges

ALL = {**TINY, **TEST_PART}
STEMS = list(PARTS)


def put_as(folder: Path, name: Callable[[str], str], pack: Callable[[bytes], bytes] = bytes) -> None:
    """Writes all four files under the names that `name` makes of the official ones."""
    for stem, contents in ALL.items():
        path = folder / name(stem)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pack(contents))


def packed(contents: bytes) -> bytes:
    return gzip.compress(contents, 1)


def is_right(folder: Path) -> bool:
    """Whether nothing is missing and the images and labels are those that were written."""
    loaded = load_training("mnist", HELD, folder)
    return data_fault("mnist", folder) is None and bool(
        (loaded.images == PIXELS).all() and (loaded.labels == DIGITS).all()
    )


NAMES: dict[str, Callable[[str], str]] = {
    "official": str,
    "dot": lambda stem: stem.replace("-idx", ".idx"),
    "dot and suffix": lambda stem: f"{stem.replace('-idx', '.idx')}.gz",
    "underscores": lambda stem: stem.replace("-", "_"),
    "upper case": str.upper,
    "second download": lambda stem: f"{stem} (1).gz",
    "folder of the same name": lambda stem: f"{stem}/{stem.replace('-idx', '.idx')}",
    "torchvision": lambda stem: f"MNIST/raw/{stem}",
    "raw": lambda stem: f"raw/{stem}.gz",
}


@pytest.mark.parametrize("pack", [bytes, packed], ids=["plain", "gzipped"])
@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_files_are_read_by_their_content_under_every_name(
    tmp_path: Path, name: Callable[[str], str], pack: Callable[[bytes], bytes]
) -> None:
    """So a gzip name on unpacked bytes is read, and so is a plain name on gzipped ones."""
    put_as(tmp_path, name, pack)
    assert is_right(tmp_path)


BESIDE: dict[str, bytes | None] = {  # name that "{}" is filled in with a part's: its contents, None for a folder
    "{}.gz": b"",
    "{}": b"<html>Please sign in to the school's network</html>",
    "{}.part": b"\x1f\x8b",
    "._{}": b"\0\0\x08\3",
    "{}.txt": None,
    "emnist-letters-{}.gz": packed(TINY[IMAGES]),
    "mnist.npz": b"PK",
}


@pytest.mark.parametrize("name", BESIDE)
def test_whatever_lies_beside_a_sound_file_does_not_hide_it(tmp_path: Path, name: str) -> None:
    put_as(tmp_path, lambda stem: stem.replace("-idx", ".idx"))
    for stem in STEMS:
        beside, contents = tmp_path / name.format(stem), BESIDE[name]
        beside.mkdir(exist_ok=True) if contents is None else beside.write_bytes(contents)
    assert is_right(tmp_path)


@pytest.mark.parametrize("missing", STEMS)
def test_a_part_that_is_missing_is_named(tmp_path: Path, missing: str) -> None:
    put_as(tmp_path, str)
    (tmp_path / missing).unlink()
    fault = data_fault("mnist", tmp_path)
    assert isinstance(fault, DatasetMissing) and missing in str(fault) and "can be downloaded" in str(fault)


@pytest.mark.parametrize("contents", [b"", b"<html>", b"\x1f\x8b\x08", b"\0\0\x08\3\0\0"], ids=repr)
@pytest.mark.parametrize("name", [lambda stem: stem, lambda stem: f"{stem}.gz", lambda stem: stem.replace("-i", ".i")])
@pytest.mark.parametrize("stem", STEMS)
def test_a_file_that_is_not_sound_is_named_with_its_remedy(
    tmp_path: Path, stem: str, name: Callable[[str], str], contents: bytes
) -> None:
    put_as(tmp_path, name)
    (tmp_path / name(stem)).write_bytes(contents)
    fault = str(data_fault("mnist", tmp_path))
    assert name(stem) in fault and "Delete it and fetch the file again." in fault


def test_a_test_part_of_another_size_is_named(tmp_path: Path) -> None:
    put_as(tmp_path, str)
    for stem in TEST_PART:
        (tmp_path / stem).write_bytes(TINY[stem.replace("t10k", "train")])
    with pytest.raises(DatasetError, match=f"t10k-images-idx3-ubyte holds {HELD} items"):
        find_file(tmp_path, "t10k-images-idx3-ubyte")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_folder_or_a_file_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    for above in (*tmp_path.parents, tmp_path):
        if above.stat().st_uid == 0 and "pytest" in str(above):
            above.chmod(0o755)
    folder = tmp_path / "mnist"
    put_as(folder, str)
    (folder / LABELS).chmod(0)
    with without_privileges():
        assert re.search(f"{LABELS}.*let the account that runs this program read it", str(data_fault("mnist", folder)))
    folder.chmod(0)
    with without_privileges():
        assert str(folder) in str(data_fault("mnist", folder))
    folder.chmod(0o755)


@pytest.mark.parametrize("named", ["~/mnist", "$HOME/mnist", "${HOME}/mnist"])
def test_the_home_in_a_folders_name_is_filled_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str) -> None:
    """The shell fills in none of them in a unit file, in .env, or in `--folder=~/mnist`."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MNIST_DIR", named)
    put_as(tmp_path / "mnist", str)
    assert data_folder("mnist") == tmp_path / "mnist" and np.array_equal(load_training("mnist", 3).images, PIXELS[:3])
    assert main(["mnist", "--folder", named]) == 0


# ---------------------------------------------------------------------------------------------------- the command


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that downloads ask for; each arrives whole."""
    asked: list[str] = []
    official = {f"{stem}.gz": ("", 1, hashlib.md5(contents).hexdigest()) for stem, contents in ALL.items()}
    monkeypatch.setitem(IDX_SETS, "mnist", replace(IDX_SETS["mnist"], files=official))

    def arrive(title: str, file: str, md5: str, folder: Path, *_: object) -> None:
        asked.append(file)
        (folder / file).write_bytes(packed(ALL[file.removesuffix(".gz")]))

    monkeypatch.setattr(download, "_fetch", arrive)
    return asked


@pytest.mark.parametrize("there", [[], [IMAGES, LABELS], STEMS[2:], STEMS[:3], STEMS[1:]])
@pytest.mark.parametrize("name", [NAMES["official"], NAMES["dot"], NAMES["torchvision"]], ids=["usual", "dot", "raw"])
def test_the_command_fetches_what_is_missing_and_nothing_else(
    tmp_path: Path, fetched: list[str], there: list[str], name: Callable[[str], str]
) -> None:
    put_as(tmp_path, name)
    for stem in set(STEMS) - set(there):
        (tmp_path / name(stem)).unlink()
    assert main(["mnist", "--folder", str(tmp_path)]) == 0
    assert fetched == [f"{stem}.gz" for stem in STEMS if stem not in there]
    assert is_right(tmp_path)


@pytest.mark.parametrize("stem", STEMS)
@pytest.mark.parametrize("name", [lambda stem: stem, lambda stem: f"{stem}.gz"], ids=["plain", "gz"])
def test_the_command_replaces_what_is_broken(
    tmp_path: Path, fetched: list[str], stem: str, name: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    put_as(tmp_path, name)
    (tmp_path / name(stem)).write_bytes(ALL[stem][:-1])
    assert main(["mnist", "--folder", str(tmp_path)]) == 0
    assert name(stem) in capsys.readouterr().out and "already" not in capsys.readouterr().out
    assert fetched == [f"{stem}.gz"] and is_right(tmp_path)


def test_the_command_fetches_nothing_when_all_four_are_sound(
    tmp_path: Path, fetched: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    put_as(tmp_path, NAMES["dot"])
    assert main(["mnist", "--folder", str(tmp_path)]) == 0
    assert fetched == [] and "already" in capsys.readouterr().out


def test_the_checksums_of_the_contents_are_those_of_the_official_files(mnist_dir: Path) -> None:
    for file, (md5, _, unpacked) in IDX_SETS["mnist"].files.items():
        contents = (mnist_dir / file).read_bytes()
        if hashlib.md5(contents).hexdigest() == md5:
            assert hashlib.md5(gzip.decompress(contents)).hexdigest() == unpacked
