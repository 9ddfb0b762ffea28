"""A link that shows a lab and cannot change it.

    token of the lab, salt --hash--> token of the link --hash--> key, by which the store finds the lab

From the link nobody learns the lab's own token. A link that is taken back leads nowhere, and the next one is another.
"""

import base64
import hashlib
import re
import secrets

from core.lab.lab import Lab

SALT_BYTES = 18
TOKEN_LENGTH = 24  # characters: 144 bits
READING_TOKEN = re.compile(r"[A-Za-z0-9_-]{24}", re.ASCII)


def reading_token(lab: Lab) -> str | None:
    """What a lab's reading link ends with; None while it has none."""
    return None if lab.reading_salt is None else _token(lab.token, lab.reading_salt)


def open_reading_link(lab: Lab) -> None:
    """Give a lab a reading link; nothing happens if it has one."""
    with lab.lock:
        if lab.reading_salt is not None:
            return
        lab.reading_salt = secrets.token_urlsafe(SALT_BYTES)
    lab.changed(lab, None)


def close_reading_link(lab: Lab) -> None:
    """Take a lab's reading link back."""
    with lab.lock:
        lab.reading_salt = None
    lab.changed(lab, None)


def reading_key(token: str) -> str:
    """The key of a reading link's token, which opens nothing."""
    return hashlib.sha256(f"key {token}".encode("utf-8", "surrogatepass")).hexdigest()


def key_of(lab: Lab) -> str | None:
    """The key of a lab's reading link; None while it has none."""
    token = reading_token(lab)
    return None if token is None else reading_key(token)


def _token(token: str, salt: str) -> str:
    digest = hashlib.sha256(f"reading {salt} {token}".encode("utf-8", "surrogatepass")).digest()
    return base64.urlsafe_b64encode(digest).decode()[:TOKEN_LENGTH]
