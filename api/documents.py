"""Trusted documents: the queries of known clients, by id.

The file is a JSON object of documents by id, as persisted-document tools write it. An id is
usually the SHA-256 of the document, which clients of automatic persisted queries send, too.
"""

from hashlib import sha256
from pathlib import Path

import msgspec

from api.errors import ApiError, Code
from api.requests import GraphQLRequest
from runtime.settings import SettingsError


class TrustedDocuments:
    """The documents that may be carried out; without a file, any may."""

    def __init__(self, path: Path | None) -> None:
        self._by_id: dict[str, str] | None = None
        self._digests: set[bytes] = set()
        if path is not None:
            try:
                self._by_id = msgspec.json.decode(path.read_bytes(), type=dict[str, str])
            except (OSError, msgspec.DecodeError) as failure:
                raise SettingsError(
                    f"TALLYSTICK_TRUSTED_DOCUMENTS cannot be used: {failure}."
                ) from failure
            self._digests = {sha256(text.encode()).digest() for text in self._by_id.values()}

    def document(self, request: GraphQLRequest) -> str:
        """Return the document that a request wants carried out.

        Raises:
            ApiError: if it names none, an unknown one, or one that is not trusted.
        """
        wanted = request.document_id
        if wanted is not None:
            known = (self._by_id or {}).get(wanted.removeprefix("sha256:"))
            if known is None:
                raise ApiError(Code.DOCUMENT_NOT_TRUSTED, f"There is no document {wanted!r}.")
            return known
        if request.query is None:
            raise ApiError(Code.BAD_REQUEST, "The request has no query.")
        self.check(request.query)
        return request.query

    def check(self, document: str) -> None:
        """Let only trusted documents pass, if such are named.

        Raises:
            ApiError: if the document is none of them.
        """
        if self._by_id is not None and sha256(document.encode()).digest() not in self._digests:
            raise ApiError(
                Code.DOCUMENT_NOT_TRUSTED, "Only trusted documents are carried out here."
            )
