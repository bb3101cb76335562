-- What analysts said of a package is looked up each time that somebody asks about it: without an index, by all verdicts.

CREATE INDEX verdict_by_package ON verdict (package) WHERE package IS NOT NULL;
