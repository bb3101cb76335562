"""Which brand a host is likest. Every name in it is made up (synthetic)."""

import pytest

from db.brands import Brand
from db.connection import transaction
from db.matches import brand_names, read_likest, save_brands
from db.store import Store

BRANDS = (
    Brand(id="zyrqon", names=("Zyrqon", "泽启"), domains=(), threshold=60),
    Brand(id="quux", names=("Quux",), domains=(), threshold=90),
)
Said = tuple[str, int, int]
"""Brand, similarity and confidence of a match."""
CASES: dict[str, tuple[list[Said], str | None]] = {
    "the surest": ([("quux", 90, 91), ("zyrqon", 90, 92)], "zyrqon"),
    "of equally sure ones the most similar": ([("quux", 95, 91), ("zyrqon", 90, 91)], "quux"),
    "of equals the first by name": ([("zyrqon", 90, 91), ("quux", 90, 91)], "quux"),
    "only from its threshold on": ([("quux", 90, 89), ("zyrqon", 60, 60)], "zyrqon"),
    "none that reaches its own": ([("quux", 90, 89), ("zyrqon", 90, 59)], None),
}


@pytest.mark.parametrize(("matches", "likest"), CASES.values(), ids=CASES)
def test_a_host_is_likest_one_listed_brand(store: Store, matches: list[Said], likest: str | None) -> None:
    with transaction(store.database):
        save_brands(store.database, BRANDS)
        store.database.execute(
            "INSERT INTO host (host_id, name, registrable_length, suffix_length, is_shared)"
            " VALUES (1, 'a.example', 9, 7, 0)"
        )
        for brand, similarity, confidence in matches:
            store.database.execute(
                """INSERT INTO match (host_id, brand_id, technique, similarity, confidence, matched, explanation_zh,
                       explanation_en) VALUES (1, (SELECT brand_id FROM brand WHERE id = ?), ?, ?, ?, 'm', 'z', 'e')""",
                [brand, f"of {brand}", similarity, confidence],
            )
    ids = dict(store.database.execute("SELECT id, brand_id FROM brand"))
    assert read_likest(store.database).rows() == ([(1, ids[likest], f"of {likest}")] if likest else [])
    assert brand_names(store.database)[ids["zyrqon"]] == ("泽启", "Zyrqon")
    with transaction(store.database):
        save_brands(store.database, ())
    assert read_likest(store.database).is_empty()
