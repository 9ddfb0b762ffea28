"""What data sets and their labels are called on the page: by what their files hold, in the page's language."""

from core.data.held_set import label_names, true_name
from core.data.idx_files import data_fault
from core.data.idx_sets import DATASET_TITLES, DIGIT_NAMES
from pages.components.frame.translation import _


def dataset_title(name: str) -> str:
    """A data set's name; that of its files where they are those of another one."""
    return _(DATASET_TITLES[true_name(name)])


def offered_datasets(chosen: str) -> list[str]:
    """The data sets that can be chosen here; a host's own where its files lie. chosen: is always among them"""
    has_own = chosen == "own" or data_fault("own") is None
    return [name for name in DATASET_TITLES if name != "own" or has_own]


def label_words(name: str) -> list[str] | None:
    """What the labels of a data set mean, in their order; None for those that are the digits."""
    names = label_names(name)
    return None if names == DIGIT_NAMES else [_(one) for one in names]
