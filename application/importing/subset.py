"""The part of an export that is about some companies (SYN-02)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from application.importing.source import Source, SourceFault, SourcePage
from domain.shared.rows import KEY_SEPARATOR, BadRow


class PageOfCompanies:
    """The rows of a page that are of some companies; what is no row is told all the same."""

    def __init__(self, page: SourcePage, companies: frozenset[str]) -> None:
        self._page = page
        keys = page.keys(range(len(page.lines)))
        self._numbers = [
            number
            for number, key in enumerate(keys)
            if key is not None and key.partition(KEY_SEPARATOR)[0] in companies
        ]
        lines, contents = page.lines, page.contents
        self.lines: Sequence[int] = [lines[number] for number in self._numbers]
        self.contents: Sequence[int] = [contents[number] for number in self._numbers]
        self._companies = companies

    @property
    def faults(self) -> Sequence[SourceFault]:
        """What of the page could not be read as a row."""
        return self._page.faults

    @property
    def size(self) -> int:
        """How many bytes of the file the page took."""
        return self._page.size

    def keys(self, numbers: Sequence[int]) -> Sequence[str | None]:
        """Return the keys of rows."""
        return self._page.keys([self._numbers[number] for number in numbers])

    def companies(self) -> set[str]:
        """Return the companies that the rows are of."""
        return self._page.companies() & self._companies

    def values(self, numbers: Sequence[int]) -> Sequence[Sequence[Any] | BadRow]:
        """Return the values of rows, or what is bad about one."""
        return self._page.values([self._numbers[number] for number in numbers])


class SourceOfCompanies:
    """A file of the contract without the rows of other companies.

    The key of each kind begins with the company. Pages of those companies alone are passed on as
    they are, so that what looks as it did before need not be parsed.
    """

    def __init__(self, source: Source, companies: frozenset[str]) -> None:
        self._source = source
        self._companies = companies

    @property
    def kind(self) -> str:
        """Which file of the contract it stands for."""
        return self._source.kind

    @property
    def file(self) -> str:
        """The file's own name."""
        return self._source.file

    @property
    def columns(self) -> Mapping[str, str]:
        """What the file calls columns of the contract."""
        return self._source.columns

    @property
    def size(self) -> int:
        """The size of the whole file in bytes."""
        return self._source.size

    def pages(self) -> Iterator[SourcePage]:
        """Yield the rows in pages."""
        for page in self._source.pages():
            whole = page.companies() <= self._companies
            yield page if whole else PageOfCompanies(page, self._companies)
