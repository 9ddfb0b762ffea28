"""Which data set the files of a folder are, told by what they hold: MNIST is what has MNIST's checksums.

Files of an official name with another content are somebody's own images, whatever their folder is called.
"""

import re
from functools import lru_cache
from pathlib import Path

from core.data.idx import DatasetError, content_md5, file_md5, file_state
from core.data.idx_files import PARTS, data_folder, find_file
from core.data.idx_sets import DIGIT_NAMES, IDX_SETS

LABELS_FILE = "labels.txt"  # of a host's own set
MAX_LABEL = 20  # characters


def held_set(name: str, folder: Path | None = None) -> str | None:
    """The data set whose official files lie in the folder of a data set; None for other files. Raises DatasetError."""
    place = data_folder(name) if folder is None else folder
    found: set[str] | None = None
    for stem in PARTS:
        path = find_file(place, stem, name)
        known = _official(path, stem, *file_state(path))
        found = set(known) if found is None else found & known
    return next(iter(found), None) if found else None


@lru_cache(maxsize=64)
def _official(path: Path, stem: str, changed: int, size: int) -> frozenset[str]:
    """The data sets whose official file of a part this is. changed, size: see file_state"""
    packed = file_md5(path)
    by_packed = {name for name, one in IDX_SETS.items() if one.files.get(f"{stem}.gz", ("", 0, None))[0] == packed}
    if by_packed:
        return frozenset(by_packed)
    unpacked = content_md5(path)
    return frozenset(
        name for name, one in IDX_SETS.items() if one.files.get(f"{stem}.gz", ("", 0, None))[2] == unpacked
    )


def true_name(name: str) -> str:
    """What a data set is to be called: that of its files, "own" for other files; its own where there are none yet."""
    if name not in IDX_SETS:
        return name
    try:
        return held_set(name) or "own"
    except (DatasetError, OSError):
        return name


def label_names(name: str, folder: Path | None = None) -> tuple[str, ...]:
    """What the labels 0 to 9 of a data set mean, English where they are words; for pages to translate."""
    if name not in IDX_SETS:
        return DIGIT_NAMES
    if (known := true_name(name)) != "own":
        return IDX_SETS[known].labels
    try:
        written = ((data_folder(name) if folder is None else folder) / LABELS_FILE).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError, DatasetError):
        return DIGIT_NAMES
    names = [re.sub(r"[^\w .,/+()-]", "", line).strip()[:MAX_LABEL] for line in written.splitlines() if line.strip()]
    return tuple(names) if len(names) == len(DIGIT_NAMES) == len(set(names)) and all(names) else DIGIT_NAMES
