# SPDX-License-Identifier: MIT
"""What streams give back: an iterator that shows itself in Jupyter."""
from __future__ import annotations

import time
from typing import Generator, Iterator, TypeVar

T = TypeVar("T")
SECONDS = 0.05  # between two pictures in a notebook


class Stream(Iterator[T]):
    """The pieces of an answer, as they come. Closing it ends the generation. At the end of a cell of Jupyter it shows the
    answer while that comes."""

    def __init__(self, pieces: Generator[T, None, None]):
        self._pieces = pieces

    def __iter__(self) -> Iterator[T]:
        return self._pieces

    def __next__(self) -> T:
        return next(self._pieces)

    def close(self) -> None:
        """End the generation, if it has not ended."""
        self._pieces.close()

    def _ipython_display_(self) -> None:
        from IPython.display import Markdown, display  # type: ignore[import-not-found,unused-ignore]

        text, due = "", 0.0
        shown = display(Markdown(text), display_id=True)
        try:
            for piece in self:
                text += piece if isinstance(piece, str) else getattr(piece, "text")
                if time.monotonic() >= due:
                    shown.update(Markdown(text))
                    due = time.monotonic() + SECONDS
        finally:
            self.close()
            shown.update(Markdown(text))
