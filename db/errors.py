"""What can go wrong, told to a person in one line: what, where, how to mend it.

FanzhaError
├── UsageError        the call, or a file it names, is unusable           exit 2
│   └── UnreadableFile  a file's content cannot be read as what it is said to be
├── SourceFailed      one source failed; the others went on               exit 1
└── Interrupted       a run stopped half-way; what was committed is kept  exit 1
    └── Busy          another process holds what it needs                 exit 1
"""


class FanzhaError(Exception):
    """Anything fanzha tells a person in one line instead of a traceback."""

    exit_code = 1


class UsageError(FanzhaError):
    """Raised where a call, or a file named by it, cannot be used as it is; nothing was done."""

    exit_code = 2


class UnreadableFile(UsageError):
    """Raised by parsers and loaders where a file is not what it is said to be."""


class SourceFailed(FanzhaError):
    """Raised where one source's answer is refused; its last good state stays."""


class Interrupted(FanzhaError):
    """Raised where a run stops half-way (disk full, a lock that does not clear); committed batches are kept."""


class Busy(Interrupted):
    """Raised where another process holds the database, a source or a step; worth another try."""
