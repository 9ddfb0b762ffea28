"""Fetches MNIST's four files with pooch: from the first mirror that serves them, checked, never half-done.

mirror -> folder/mnist-download-*/tmp* -> MD5 -> folder/train-images-idx3-ubyte.gz
"""

import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from shutil import rmtree

from core.errors import N_
from core.idx import DatasetError

MIRRORS = ("https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/")
OFFICIAL = {  # file: its MD5, its size in bytes
    "train-images-idx3-ubyte.gz": ("f68b3c2dcbeaaa9fbdd348bbdeb94873", 9_912_422),
    "train-labels-idx1-ubyte.gz": ("d53e105ee54ea40749a09fcbcd1e9432", 28_881),
    "t10k-images-idx3-ubyte.gz": ("9fb629c4189551a2d022fa330f9573f3", 1_648_877),
    "t10k-labels-idx1-ubyte.gz": ("ec29112dd5afa0611ce80d1b7f02629c", 4_542),
}
TIMEOUT = 20.0  # seconds that a mirror may be silent
CHUNK = 1 << 16  # bytes between two reports of progress
SCRATCH = "mnist-download-"  # where a download stands until it is checked
ABANDONED = 3_600.0  # seconds without a byte after which a killed download's scratch folder is removed


def download_mnist(
    folder: Path, progress: Callable[[int, int], None] | None = None, mirrors: Sequence[str] = MIRRORS
) -> None:
    """Fetches the four official files into `folder`, each moved there whole after its MD5 has been checked.

    A file that is there with the right checksum is kept, one with another checksum is replaced. Downloads that run
    side by side do not meet. To end a download early, let `progress` raise (neither an OSError nor a ValueError).

    progress: called with (bytes so far, bytes in all) of all files together; falls back when a mirror fails midway
    mirrors:  base URLs, at least one, tried in turn; a mirror fails when it is silent for TIMEOUT seconds
    Raises DatasetError if no mirror serves a file or the folder cannot be written.
    """
    report = progress or (lambda done, total: None)
    done, total = 0, sum(size for _, size in OFFICIAL.values())
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(folder)
        with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=folder) as scratch:
            for file, (md5, size) in OFFICIAL.items():
                report(done, total)
                _fetch(file, md5, folder, Path(scratch), _Meter(report, done, size, total), mirrors)
                done += size
        report(done, total)
    except OSError as error:
        raise DatasetError(
            N_("MNIST cannot be saved in {folder} ({reason}); the built-in digits work without it."),
            folder=folder,
            reason=error.strerror or error,
        ) from error


def _fetch(file: str, md5: str, folder: Path, scratch: Path, meter: "_Meter", mirrors: Sequence[str]) -> None:
    """One file from the first mirror that serves it rightly; the last mirror's fault is the one told."""
    import pooch
    import requests

    target = folder / file
    if target.is_file() and pooch.file_hash(str(target), alg="md5") == md5:
        return
    pooch.get_logger().setLevel("ERROR")  # it writes to stderr by itself
    downloader = pooch.HTTPDownloader(progressbar=meter, chunk_size=CHUNK, timeout=TIMEOUT)
    for mirror in mirrors:
        meter.restart()
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
    (scratch / file).chmod(0o644)  # pooch leaves it readable to nobody but the account that ran the download
    (scratch / file).replace(target)


class _Meter:
    """The progress bar that pooch drives: bytes of one file, told as bytes of both.

    pooch counts the last chunk as a whole one and tells the file's size again at the end: the count stops at `size`.
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
    """Removes what killed downloads have left and keeps the scratch folder of one that still runs."""
    for scratch in folder.glob(f"{SCRATCH}*"):
        with suppress(OSError):  # another download has just finished with it
            newest = max(path.stat().st_mtime for path in (scratch, *scratch.iterdir()))
            if time.time() - newest > ABANDONED:
                rmtree(scratch)
