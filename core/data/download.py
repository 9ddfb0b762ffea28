"""Downloads MNIST's four files with pooch, each from the first mirror that serves it with the right MD5.

A file is downloaded into folder/mnist-download-* and moved to its place after the check.
"""

import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from shutil import rmtree

from core.data.idx import DatasetError, content_md5
from core.data.mnist_files import find_file
from core.errors import N_

MIRRORS = ("https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/")
OFFICIAL_FILES = {  # file: its MD5, its size in bytes, the MD5 of what it unpacks to
    "train-images-idx3-ubyte.gz": (
        "f68b3c2dcbeaaa9fbdd348bbdeb94873", 9_912_422, "6bbc9ace898e44ae57da46a324031adb"
    ),
    "train-labels-idx1-ubyte.gz": ("d53e105ee54ea40749a09fcbcd1e9432", 28_881, "a25bea736e30d166cdddb491f175f624"),
    "t10k-images-idx3-ubyte.gz": ("9fb629c4189551a2d022fa330f9573f3", 1_648_877, "2646ac647ad5339dbf082846283269ea"),
    "t10k-labels-idx1-ubyte.gz": ("ec29112dd5afa0611ce80d1b7f02629c", 4_542, "27ae3e4e09519cfbb04c329615203637"),
}  # fmt: skip
TIMEOUT_SECONDS = 20.0  # that a mirror may be silent
CHUNK_BYTES = 1 << 16  # between two reports of progress
SCRATCH_PREFIX = "mnist-download-"  # of the folder of a download until it is checked
ABANDONED_SECONDS = 3_600.0  # without a byte, after which the folder of a killed download is removed


def download_mnist(
    folder: Path, progress: Callable[[int, int], None] | None = None, mirrors: Sequence[str] = MIRRORS
) -> None:
    """Fetches the four official files into `folder`, each moved there whole after its MD5 has been checked.

    A file whose unpacked content is the official one is not fetched, whatever its name; a file of the official name
    with another content is replaced. Downloads at the same time do not disturb each other. To end a download early,
    let `progress` raise neither an OSError nor a ValueError but anything else.

    progress: called with (bytes so far, bytes in all) of all files together; falls back when a mirror fails midway
    mirrors:  base URLs, at least one, tried in turn; a mirror fails when it is silent for TIMEOUT_SECONDS
    Raises DatasetError if no mirror serves a file or the folder cannot be written.
    """
    report = progress or (lambda done, total: None)
    done, total = 0, sum(size for _, size, _ in OFFICIAL_FILES.values())
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(folder)
        with tempfile.TemporaryDirectory(prefix=SCRATCH_PREFIX, dir=folder) as scratch:
            for file, (md5, size, unpacked) in OFFICIAL_FILES.items():
                report(done, total)
                if not _is_there(folder, file.removesuffix(".gz"), unpacked):
                    _fetch(file, md5, folder, Path(scratch), _ProgressBar(report, done, size, total), mirrors)
                done += size
        report(done, total)
    except OSError as error:
        raise DatasetError(
            N_("MNIST cannot be saved in {folder} ({reason}); the built-in digits work without it."),
            folder=folder,
            reason=error.strerror or error,
        ) from error


def _is_there(folder: Path, stem: str, md5: str) -> bool:
    """Whether a file, under any name that would be found, holds the official content. md5: of that, unpacked"""
    try:
        return content_md5(find_file(folder, stem)) == md5
    except DatasetError:
        return False


def _fetch(
    file: str, md5: str, folder: Path, scratch: Path, progress_bar: "_ProgressBar", mirrors: Sequence[str]
) -> None:
    """Download one file. Raises DatasetError with the fault of the last mirror."""
    import pooch
    import requests

    pooch.get_logger().setLevel("ERROR")  # it writes to stderr
    downloader = pooch.HTTPDownloader(progressbar=progress_bar, chunk_size=CHUNK_BYTES, timeout=TIMEOUT_SECONDS)
    for mirror in mirrors:
        progress_bar.restart()
        try:
            url = f"{mirror.rstrip('/')}/{file}"
            pooch.retrieve(url, known_hash=f"md5:{md5}", fname=file, path=scratch, downloader=downloader)
            break
        except requests.Timeout:
            fault = N_("MNIST could not be downloaded: {mirror} does not answer; the built-in digits work without it.")
        except requests.HTTPError:
            fault = N_("MNIST could not be downloaded: {mirror} refuses it; the built-in digits work without it.")
        except requests.RequestException:
            fault = N_("MNIST could not be downloaded: {mirror} is out of reach; the built-in digits work without it.")
        except ValueError:
            fault = N_("MNIST could not be downloaded: {mirror} sent other data; the built-in digits work without it.")
    else:
        raise DatasetError(fault, mirror=mirror)
    (scratch / file).chmod(0o644)  # pooch leaves it readable by the account that ran the download alone
    (scratch / file).replace(folder / file)


class _ProgressBar:
    """The progress bar that pooch calls for one file; reports the bytes of all files together.

    pooch counts the last chunk as a whole one and adds the file's size at the end, so the count stops at `size`.
    """

    def __init__(self, report: Callable[[int, int], None], before: int, size: int, total: int) -> None:
        self.report, self.before, self.size, self.overall = report, before, size, total
        self.done = 0
        self.total = 0  # set by pooch to what the mirror announces

    def restart(self) -> None:
        self.done = 0

    def update(self, count: int) -> None:
        self.done = min(self.done + count, self.size)
        self.report(self.before + self.done, self.overall)

    def reset(self) -> None:
        pass

    def close(self) -> None:
        pass


def _remove_abandoned(folder: Path) -> None:
    """Removes the folders of killed downloads, but not of those under way."""
    for scratch in folder.glob(f"{SCRATCH_PREFIX}*"):
        with suppress(OSError):  # another download may just have removed it
            newest = max(path.stat().st_mtime for path in (scratch, *scratch.iterdir()))
            if time.time() - newest > ABANDONED_SECONDS:
                rmtree(scratch)
