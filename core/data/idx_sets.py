"""The data sets in MNIST's format: what each is called, where it lies and comes from, what its labels mean.

The MD5 of the packed files are those that torchvision checks; of what they unpack to, those of MNIST alone are known.
A host's own set is in a folder that OWN_IMAGES_DIR names, with a file labels.txt beside it: ten names, one a line.
"""

from dataclasses import dataclass, field

from core.errors import N_

Official = dict[str, tuple[str, int, str | None]]  # file: its MD5, its size in bytes, the MD5 of what it unpacks to

MNIST_FILES: Official = {
    "train-images-idx3-ubyte.gz": (
        "f68b3c2dcbeaaa9fbdd348bbdeb94873", 9_912_422, "6bbc9ace898e44ae57da46a324031adb"
    ),
    "train-labels-idx1-ubyte.gz": ("d53e105ee54ea40749a09fcbcd1e9432", 28_881, "a25bea736e30d166cdddb491f175f624"),
    "t10k-images-idx3-ubyte.gz": ("9fb629c4189551a2d022fa330f9573f3", 1_648_877, "2646ac647ad5339dbf082846283269ea"),
    "t10k-labels-idx1-ubyte.gz": ("ec29112dd5afa0611ce80d1b7f02629c", 4_542, "27ae3e4e09519cfbb04c329615203637"),
}  # fmt: skip
FASHION_FILES: Official = {
    "train-images-idx3-ubyte.gz": ("8d4fb7e6c68d591d4c3dfef9ec88bf0d", 26_421_880, None),
    "train-labels-idx1-ubyte.gz": ("25c81989df183df01b3e8a0aad5dffbe", 29_515, None),
    "t10k-images-idx3-ubyte.gz": ("bef4ecab320f06d8554ea6380940ec79", 4_422_102, None),
    "t10k-labels-idx1-ubyte.gz": ("bb300cfdad3c16e7a12a480ee83cd310", 5_148, None),
}
KMNIST_FILES: Official = {
    "train-images-idx3-ubyte.gz": ("bdb82020997e1d708af4cf47b453dcf7", 18_165_135, None),
    "train-labels-idx1-ubyte.gz": ("e144d726b3acfaa3e44228e80efcd344", 29_497, None),
    "t10k-images-idx3-ubyte.gz": ("5c965bf0a639b31b8f53240b1b52f4d7", 3_041_136, None),
    "t10k-labels-idx1-ubyte.gz": ("7320c461ea6c1c855c0b718fb2a4b134", 5_120, None),
}
DIGIT_NAMES = tuple(map(str, range(10)))


@dataclass(frozen=True)
class IdxSet:
    """A data set of 28 x 28 images in ten classes."""

    title: str  # its own name, the same in all languages but for a host's own
    variable: str  # environment variable that names its folder
    cache: str | None  # folder in the user's cache without it; None: there is none
    labels: tuple[str, ...] = DIGIT_NAMES
    credit: str = ""
    mirrors: tuple[str, ...] = ()
    files: Official = field(default_factory=dict)
    least_test: int = 10_000  # images of its test part, at least

    @property
    def megabytes(self) -> int:
        """What a download has."""
        return round(sum(size for _, size, _ in self.files.values()) / 1e6)


IDX_SETS = {
    "mnist": IdxSet(
        "MNIST", "MNIST_DIR", "mnist",
        credit="Y. LeCun, C. Cortes, C. J. C. Burges (CC BY-SA 3.0)",
        mirrors=(
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
        files=MNIST_FILES,
    ),
    "fashion": IdxSet(
        "Fashion-MNIST", "FASHION_MNIST_DIR", "fashion-mnist",
        labels=(
            N_("T-shirt"), N_("trousers"), N_("pullover"), N_("dress"), N_("coat"), N_("sandal"), N_("shirt"),
            N_("sneaker"), N_("bag"), N_("ankle boot"),
        ),
        credit="H. Xiao, K. Rasul, R. Vollgraf; Zalando SE (MIT License)",
        mirrors=(
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        ),
        files=FASHION_FILES,
    ),
    "kmnist": IdxSet(
        "KMNIST", "KMNIST_DIR", "kmnist",
        labels=("お", "き", "す", "つ", "な", "は", "ま", "や", "れ", "を"),
        credit="created by ROIS-DS CODH, adapted from the Kuzushiji Dataset of NIJL and others (CC BY-SA 4.0)",
        mirrors=("https://codh.rois.ac.jp/kmnist/dataset/kmnist/", "http://codh.rois.ac.jp/kmnist/dataset/kmnist/"),
        files=KMNIST_FILES,
    ),
    "own": IdxSet(N_("own images"), "OWN_IMAGES_DIR", None, least_test=200),
}  # fmt: skip
# of all data sets, as they are offered
DATASET_TITLES = {
    "digits": N_("digits, 8 × 8"),
    "mnist": N_("MNIST, 28 × 28"),
    "fashion": "Fashion-MNIST",
    "kmnist": "KMNIST",
    "own": N_("own images"),
}
