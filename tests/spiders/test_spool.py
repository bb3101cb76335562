"""What children put into the spool is whole whenever their parent looks."""

import threading
from pathlib import Path

from spiders.spool import put


def test_a_body_that_is_put_again_is_never_seen_cut(tmp_path: Path) -> None:
    body = b"x" * 2_000_000
    digest, is_over = put(tmp_path, body), threading.Event()

    def again() -> None:
        while not is_over.is_set():
            put(tmp_path, body)

    writers = [threading.Thread(target=again) for _ in range(2)]
    for writer in writers:
        writer.start()
    try:
        sizes = {len((tmp_path / digest).read_bytes()) for _ in range(200)}
    finally:
        is_over.set()
        for writer in writers:
            writer.join()
    assert sizes == {len(body)}
    assert [path.name for path in tmp_path.iterdir()] == [digest]
