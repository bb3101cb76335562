"""A parser on a file's bytes, in this process, so that a test sees what it raises."""

from spiders.catalogue import Source
from spiders.formats.parsed import Parsed
from spiders.formats.registry import FORMATS
from spiders.formats.unpack import unpack


def read(content: bytes, source: Source) -> Parsed:
    return FORMATS[source.format].parse(unpack(content, source.max_bytes), source)
