import gc
from typing import Final

_OBJECTS: Final = 200_000
"""Objects made between two searches for garbage; there is little of it, and a search takes longer than to import."""

gc.set_threshold(_OBJECTS)  # before anything else is imported, in the program and in the processes that match for it
