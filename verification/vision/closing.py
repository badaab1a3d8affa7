"""What is closed when the `with` block around it ends."""

from abc import ABC, abstractmethod
from typing import Self


class Closing(ABC):
    """A context manager that gives itself, and closes itself at the end."""

    @abstractmethod
    def close(self) -> None:
        """Let go of what is held; the object can't be used again."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()
