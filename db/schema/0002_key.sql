-- Which key made the pseudonyms and opens the landed files about persons: a fingerprint that tells nothing of the key.

CREATE TABLE key (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    fingerprint BLOB NOT NULL
) STRICT;
