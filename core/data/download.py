"""Downloads the four files of a data set with pooch, each from the first mirror that serves it with the right MD5.

A file is downloaded into folder/mnist-download-* and moved to its place after the check.
"""

import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from shutil import rmtree

from core.data.idx import DatasetError, content_md5, file_md5
from core.data.idx_files import find_file
from core.data.idx_sets import IDX_SETS
from core.errors import N_

TIMEOUT_SECONDS = 20.0  # that a mirror may be silent
CHUNK_BYTES = 1 << 16  # between two reports of progress
SCRATCH_PREFIX = "mnist-download-"  # of the folder of a download until it is checked
ABANDONED_SECONDS = 3_600.0  # without a byte, after which the folder of a killed download is removed


def download_set(
    name: str,
    folder: Path,
    progress: Callable[[int, int], None] | None = None,
    mirrors: Sequence[str] | None = None,
) -> None:
    """Fetches the four official files of a data set into `folder`, each moved there whole after a check of its MD5.

    A file whose content is the official one is not fetched, whatever its name; a file of the official name with another
    content is replaced. Downloads at the same time do not disturb each other. To end a download early, let `progress`
    raise neither an OSError nor a ValueError but anything else.

    name:     of IDX_SETS, not a host's own
    progress: called with (bytes so far, bytes in all) of all files together; falls back when a mirror fails midway
    mirrors:  base URLs, at least one, tried in turn; a mirror fails when it is silent for TIMEOUT_SECONDS
    Raises DatasetError if no mirror serves a file or the folder cannot be written.
    """
    declared = IDX_SETS[name]
    files, title = declared.files, declared.title
    served_by = declared.mirrors if mirrors is None else mirrors
    report = progress or (lambda done, total: None)
    done, total = 0, sum(size for _, size, _ in files.values())
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(folder)
        with tempfile.TemporaryDirectory(prefix=SCRATCH_PREFIX, dir=folder) as scratch:
            for file, (md5, size, unpacked) in files.items():
                report(done, total)
                if not _is_there(folder, name, file.removesuffix(".gz"), md5, unpacked):
                    progress_bar = _ProgressBar(report, done, size, total)
                    _fetch(title, file, md5, folder, Path(scratch), progress_bar, served_by)
                done += size
        report(done, total)
    except OSError as error:
        raise DatasetError(
            N_("{title} cannot be saved in {folder} ({reason}); the built-in digits work without it."),
            title=title,
            folder=folder,
            reason=error.strerror or error,
        ) from error


def _is_there(folder: Path, name: str, stem: str, packed: str, unpacked: str | None) -> bool:
    """Whether a file, under any name that would be found, is the official one. packed, unpacked: its MD5"""
    try:
        path = find_file(folder, stem, name)
        return content_md5(path) == unpacked if unpacked is not None else file_md5(path) == packed
    except DatasetError:
        return False


def _mirror_faults() -> list[tuple[type[Exception], str]]:
    """What is said of a mirror, by the error that it made; the first that fits."""
    import requests

    return [
        (
            requests.Timeout,
            N_("{title} could not be downloaded: {mirror} does not answer; the built-in digits work without it."),
        ),
        (
            requests.HTTPError,
            N_("{title} could not be downloaded: {mirror} refuses it; the built-in digits work without it."),
        ),
        (
            requests.RequestException,
            N_("{title} could not be downloaded: {mirror} is out of reach; the built-in digits work without it."),
        ),
        (
            ValueError,
            N_("{title} could not be downloaded: {mirror} sent other data; the built-in digits work without it."),
        ),
    ]


def _fetch(
    title: str, file: str, md5: str, folder: Path, scratch: Path, progress_bar: "_ProgressBar", mirrors: Sequence[str]
) -> None:
    """Download one file. Raises DatasetError with the fault of the last mirror."""
    import pooch
    import requests

    pooch.get_logger().setLevel("ERROR")  # it writes to stderr
    downloader = pooch.HTTPDownloader(progressbar=progress_bar, chunk_size=CHUNK_BYTES, timeout=TIMEOUT_SECONDS)
    fault = ""
    for mirror in mirrors:
        progress_bar.restart()
        try:
            url = f"{mirror.rstrip('/')}/{file}"
            pooch.retrieve(url, known_hash=f"md5:{md5}", fname=file, path=scratch, downloader=downloader)
            break
        except (requests.RequestException, ValueError) as error:
            fault = next(sentence for kind, sentence in _mirror_faults() if isinstance(error, kind))
    else:
        raise DatasetError(fault, title=title, mirror=mirror)
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
