"""What can go wrong, as exceptions with a machine's word in them."""


class ProofOfLifeError(Exception):
    """The base of all errors of this package."""


class ApiError(ProofOfLifeError):
    """The server refused, or could not be reached.

    status: the HTTP status, 0 where there was no answer. code: the stable `code` of the problem document.
    retry_after_s: how long to wait, where the server said so.
    """

    def __init__(self, status: int, code: str, detail: str, retry_after_s: int | None = None) -> None:
        super().__init__(f"{status} {code}: {detail}" if status else detail)
        self.status = status
        self.code = code
        self.retry_after_s = retry_after_s


class TokenError(ProofOfLifeError):
    """A token that does not hold. reason: one of the server's own words, such as `expired`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SignatureError(ProofOfLifeError):
    """A webhook that nobody who knows the secret has signed, or that is too old."""
