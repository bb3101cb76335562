class NotAnAddress(ValueError):
    """Raised where a text names no host; the reason quotes nothing of the text, which may hold a person."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
