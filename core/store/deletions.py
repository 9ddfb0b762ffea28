"""Labs that have been deleted by their students, of which nothing that is still under way may leave anything."""

from core.store.store import Store


class Deletions:
    """The tokens of labs deleted by this server.

    A token is entered before its lab is deleted. So a write that began before and ends after the deletion finds it
    here, and takes back what it wrote.
    """

    def __init__(self) -> None:
        self._tokens: set[str] = set()

    def __contains__(self, token: str) -> bool:
        return token in self._tokens

    def delete(self, store: Store, token: str) -> None:
        """Delete a lab for good. Raises StoreError, and then the lab may be written again."""
        self._tokens.add(token)
        try:
            store.delete(token)
        except BaseException:
            self._tokens.discard(token)
            raise

    def take_back(self, store: Store, token: str) -> bool:
        """After a write: whether the lab has been deleted; what was written of it is then deleted too."""
        if token not in self._tokens:
            return False
        store.delete(token)
        return True
