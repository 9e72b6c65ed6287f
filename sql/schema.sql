-- SPDX-License-Identifier: MIT
-- schema.sql - the tables of the first version of a queue (user_version 1).
--
-- This file does not change any more: it and all migrations create a new queue.
-- The migrations are named statements in statements.sql and rows of the table
-- in helpers/queue/sqlite/open.c.

PRAGMA application_id = 1885562729;

-- AUTOINCREMENT: a seq is never used twice, even when all rows are gone.
-- data comes last, so that pruning never reads it.
CREATE TABLE updates (
	seq INTEGER PRIMARY KEY AUTOINCREMENT,
	kind INTEGER NOT NULL,
	byte_count INTEGER NOT NULL,
	at_ms INTEGER NOT NULL,
	private INTEGER NOT NULL,
	retry_ms INTEGER,
	id TEXT,
	type TEXT,
	topics TEXT NOT NULL,
	data TEXT
);

-- Not unique: a second update with a reused id is delivered and replayed.
CREATE INDEX updates_id ON updates (id);

-- Finds the oldest of the few rows of the hub's kind; those of the applications
-- are so dense that they are found without an index.
CREATE INDEX updates_hub ON updates (seq) WHERE kind = 1;

-- Running totals per kind, kept in the transaction that changes the rows.
-- pruned_seq: the highest seq that was pruned.
CREATE TABLE totals (
	kind INTEGER PRIMARY KEY,
	row_count INTEGER NOT NULL,
	byte_count INTEGER NOT NULL,
	pruned_seq INTEGER NOT NULL
);
INSERT INTO totals VALUES (0, 0, 0, 0), (1, 0, 0, 0);

-- session_change: the number of the last change of a session.
CREATE TABLE meta (
	only INTEGER PRIMARY KEY CHECK (only = 1),
	epoch INTEGER NOT NULL,
	cursor_key BLOB NOT NULL,
	session_change INTEGER NOT NULL DEFAULT 0
);

-- The subscribers.  owner: the living process that holds the stream (its byte
-- of the sidecar); 0: none, and the subscriber is away until until_ms.
-- topics: its selectors, one a line.  token: a hash of its token,
-- if it has one.  address: not used any more, as streams are counted in the
-- sidecar.
CREATE TABLE subscribers (
	key INTEGER PRIMARY KEY,
	owner INTEGER NOT NULL,
	until_ms INTEGER NOT NULL,
	subscriber TEXT NOT NULL,
	token BLOB,
	address TEXT,
	topics TEXT NOT NULL,
	payload TEXT
);
CREATE INDEX subscribers_owner ON subscribers (owner, until_ms);
CREATE INDEX subscribers_token ON subscribers (token, owner)
 WHERE token IS NOT NULL;
CREATE INDEX subscribers_address ON subscribers (address, owner)
 WHERE address IS NOT NULL;

-- The subscribers by topic.
CREATE TABLE subscriptions (
	topic TEXT NOT NULL,
	key INTEGER NOT NULL,
	PRIMARY KEY (topic, key)
) WITHOUT ROWID;

-- The grants of applications to their sessions.  digest: SHA-256 of the
-- session's id.  change: the number of its last change.  topics: selectors, one
-- a line.  moved_to: the digest of the id that the session has now; this id
-- stays valid until until_ms.  kept_ms: the latest end it ever had; until then
-- a process may have to read the last change.
CREATE TABLE sessions (
	digest BLOB PRIMARY KEY,
	change INTEGER NOT NULL,
	until_ms INTEGER NOT NULL,
	kept_ms INTEGER NOT NULL,
	moved_to BLOB,
	topics TEXT NOT NULL,
	payload TEXT
) WITHOUT ROWID;
CREATE INDEX sessions_change ON sessions (change);
CREATE INDEX sessions_kept ON sessions (kept_ms);
CREATE INDEX sessions_moved ON sessions (moved_to) WHERE moved_to IS NOT NULL;

CREATE TRIGGER sessions_guard_insert BEFORE INSERT ON sessions
WHEN NEW.until_ms < 0 COLLATE pushcgi_writer BEGIN SELECT 1; END;
CREATE TRIGGER sessions_guard_update BEFORE UPDATE ON sessions
WHEN NEW.until_ms < 0 COLLATE pushcgi_writer BEGIN SELECT 1; END;
CREATE TRIGGER sessions_guard_delete BEFORE DELETE ON sessions
WHEN OLD.until_ms < 0 COLLATE pushcgi_writer BEGIN SELECT 1; END;

-- Key sets by the URL they were fetched from, by one process for all.  key_set
-- IS NULL: never fetched.  changed_ms: when this set arrived; tried_ms: when a
-- process last began to fetch it; error: the problem of that attempt, NULL if
-- it succeeded.
CREATE TABLE key_sets (
	url TEXT PRIMARY KEY,
	tried_ms INTEGER NOT NULL,
	changed_ms INTEGER NOT NULL DEFAULT 0,
	fresh_ms INTEGER NOT NULL DEFAULT 0,
	error TEXT,
	key_set TEXT
);

CREATE TRIGGER key_sets_guard_insert BEFORE INSERT ON key_sets
WHEN NEW.tried_ms < 0 COLLATE pushcgi_writer BEGIN SELECT 1; END;
CREATE TRIGGER key_sets_guard_update BEFORE UPDATE ON key_sets
WHEN NEW.tried_ms < 0 COLLATE pushcgi_writer BEGIN SELECT 1; END;
CREATE TRIGGER key_sets_guard_delete BEFORE DELETE ON key_sets
WHEN OLD.tried_ms < 0 COLLATE pushcgi_writer BEGIN SELECT 1; END;

CREATE TRIGGER updates_guard_insert BEFORE INSERT ON updates
WHEN NEW.kind < 0 COLLATE pushcgi_writer BEGIN SELECT 1; END;
CREATE TRIGGER updates_guard_update BEFORE UPDATE ON updates
WHEN NEW.kind < 0 COLLATE pushcgi_writer BEGIN SELECT 1; END;
CREATE TRIGGER updates_guard_delete BEFORE DELETE ON updates
WHEN OLD.kind < 0 COLLATE pushcgi_writer BEGIN SELECT 1; END;
CREATE TRIGGER totals_guard_insert BEFORE INSERT ON totals
WHEN NEW.kind < 0 COLLATE pushcgi_writer BEGIN SELECT 1; END;
CREATE TRIGGER totals_guard_update BEFORE UPDATE ON totals
WHEN NEW.kind < 0 COLLATE pushcgi_writer BEGIN SELECT 1; END;
CREATE TRIGGER totals_guard_delete BEFORE DELETE ON totals
WHEN OLD.kind < 0 COLLATE pushcgi_writer BEGIN SELECT 1; END;
CREATE TRIGGER meta_guard_insert BEFORE INSERT ON meta
WHEN NEW.only < 0 COLLATE pushcgi_writer BEGIN SELECT 1; END;
CREATE TRIGGER meta_guard_update BEFORE UPDATE ON meta
WHEN NEW.only < 0 COLLATE pushcgi_writer BEGIN SELECT 1; END;
CREATE TRIGGER meta_guard_delete BEFORE DELETE ON meta
WHEN OLD.only < 0 COLLATE pushcgi_writer BEGIN SELECT 1; END;
CREATE TRIGGER subscribers_guard_insert BEFORE INSERT ON subscribers
WHEN NEW.key < 0 COLLATE pushcgi_writer BEGIN SELECT 1; END;
CREATE TRIGGER subscribers_guard_update BEFORE UPDATE ON subscribers
WHEN NEW.key < 0 COLLATE pushcgi_writer BEGIN SELECT 1; END;
CREATE TRIGGER subscribers_guard_delete BEFORE DELETE ON subscribers
WHEN OLD.key < 0 COLLATE pushcgi_writer BEGIN SELECT 1; END;
CREATE TRIGGER subscriptions_guard_insert BEFORE INSERT ON subscriptions
WHEN NEW.key < 0 COLLATE pushcgi_writer BEGIN SELECT 1; END;
CREATE TRIGGER subscriptions_guard_update BEFORE UPDATE ON subscriptions
WHEN NEW.key < 0 COLLATE pushcgi_writer BEGIN SELECT 1; END;
CREATE TRIGGER subscriptions_guard_delete BEFORE DELETE ON subscriptions
WHEN OLD.key < 0 COLLATE pushcgi_writer BEGIN SELECT 1; END;

PRAGMA user_version = 1;
