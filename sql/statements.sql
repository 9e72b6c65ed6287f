-- SPDX-License-Identifier: MIT
-- statements.sql - every statement that the queue prepares, by name.

-- name: read_version
PRAGMA user_version;
-- name: read_application
PRAGMA application_id;
-- name: count_tables
SELECT count(*) FROM sqlite_master;
-- name: read_schema
SELECT sql, name FROM sqlite_master;
-- name: read_schema_version
PRAGMA schema_version;
-- name: read_journal_mode
PRAGMA journal_mode;
-- name: set_journal_mode
PRAGMA journal_mode = WAL;
-- name: set_connection
PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 16777216;
PRAGMA cache_size = -64; PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY;
PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;
PRAGMA ignore_check_constraints = ON;
-- The ids of 10,000 updates: inserts and pruning touch all of their index.
-- name: set_writer
PRAGMA cache_size = -1024;
-- name: set_normal
PRAGMA synchronous = NORMAL;
-- name: set_full
PRAGMA synchronous = FULL;
-- name: quick_check
PRAGMA quick_check(1);
-- name: vacuum_into
VACUUM INTO ?1;
-- For a copy that no other process knows; the log is read at once.
-- name: set_exclusive
PRAGMA locking_mode = EXCLUSIVE; SELECT count(*) FROM sqlite_master;
-- name: integrity_check
PRAGMA integrity_check(1);
-- Updates were lost: their positions are never used again, even if no row that
-- has one is left.
-- name: leave_gap
INSERT INTO sqlite_sequence (name, seq) SELECT 'updates', 0
	WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'updates');
UPDATE sqlite_sequence SET seq = seq + 4294967296 WHERE name = 'updates';
UPDATE meta SET session_change = session_change + 4294967296;
DELETE FROM sessions;
-- name: set_memory_journal
PRAGMA journal_mode = MEMORY;
-- name: drop_sessions
DELETE FROM sessions;

-- From user_version 1 to 2.  signer: the source of the subscriber's right, as
-- in helpers/mercure/presence.h.
-- name: add_signer
ALTER TABLE subscribers ADD COLUMN signer INTEGER NOT NULL DEFAULT 0;
PRAGMA user_version = 2;
-- The text of the table as SQLite writes it after that; only for
-- queue_sqlite_schema().
-- name: subscribers_with_signer
CREATE TABLE subscribers (
	key INTEGER PRIMARY KEY,
	owner INTEGER NOT NULL,
	until_ms INTEGER NOT NULL,
	subscriber TEXT NOT NULL,
	token BLOB,
	address TEXT,
	topics TEXT NOT NULL,
	payload TEXT
, signer INTEGER NOT NULL DEFAULT 0);

-- From user_version 2 to 3.  kind: how to read the text of the selector, by its
-- number in helpers/match/selector.h; before, there was only 0.  Lists of
-- selectors in other tables have the kind in the text.
-- name: add_selector_kind
CREATE TEMP TABLE former AS SELECT topic, key FROM subscriptions;
DROP TABLE subscriptions;
CREATE TABLE subscriptions (
	topic TEXT NOT NULL,
	kind INTEGER NOT NULL,
	key INTEGER NOT NULL,
	PRIMARY KEY (topic, kind, key)
) WITHOUT ROWID;
CREATE TRIGGER subscriptions_guard_insert BEFORE INSERT ON subscriptions
WHEN NEW.key < 0 COLLATE pushcgi_writer BEGIN SELECT 1; END;
CREATE TRIGGER subscriptions_guard_update BEFORE UPDATE ON subscriptions
WHEN NEW.key < 0 COLLATE pushcgi_writer BEGIN SELECT 1; END;
CREATE TRIGGER subscriptions_guard_delete BEFORE DELETE ON subscriptions
WHEN OLD.key < 0 COLLATE pushcgi_writer BEGIN SELECT 1; END;
INSERT INTO subscriptions (topic, kind, key) SELECT topic, 0, key FROM former;
DROP TABLE former;
PRAGMA user_version = 3;

-- From user_version 3 to 4.  granted_ms: when the application granted the
-- session last; 0: up to an explicit end, as nobody knows of earlier rows.
-- name: add_granted
ALTER TABLE sessions ADD COLUMN granted_ms INTEGER NOT NULL DEFAULT 0;
PRAGMA user_version = 4;
-- The text of the table after that; only for queue_sqlite_schema().
-- name: sessions_with_granted
CREATE TABLE sessions (
	digest BLOB PRIMARY KEY,
	change INTEGER NOT NULL,
	until_ms INTEGER NOT NULL,
	kept_ms INTEGER NOT NULL,
	moved_to BLOB,
	topics TEXT NOT NULL,
	payload TEXT
, granted_ms INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;

-- name: begin
BEGIN IMMEDIATE;
-- name: commit
COMMIT;
-- name: rollback
ROLLBACK;

-- name: write_meta
INSERT OR REPLACE INTO meta (only, epoch, cursor_key) VALUES (1, ?1, ?2);

-- OR FAIL: the whole transaction is rolled back when one statement fails, so
-- SQLite need not keep a journal for each.
-- name: insert_update
INSERT OR FAIL INTO updates (kind, byte_count, at_ms, private, retry_ms, id,
 type, topics, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9);
-- name: add_totals
UPDATE OR FAIL totals SET row_count = row_count + ?2, byte_count = byte_count + ?3
 WHERE kind = ?1 RETURNING row_count, byte_count, pruned_seq;
-- name: prune_totals
UPDATE totals SET row_count = row_count - ?2, byte_count = byte_count - ?3,
 pruned_seq = ?4 WHERE kind = ?1;
-- name: read_totals
SELECT row_count, byte_count, pruned_seq FROM totals WHERE kind = ?1;
-- The plus keeps the search on seq, where the oldest row is near.
-- name: oldest_application
SELECT seq, byte_count, at_ms FROM updates
 WHERE seq > ?1 AND +kind = 0 ORDER BY seq;
-- name: oldest_hub
SELECT seq, byte_count, at_ms FROM updates INDEXED BY updates_hub
 WHERE seq > ?1 AND kind = 1 ORDER BY seq;
-- name: prune_application
DELETE FROM updates WHERE seq > ?1 AND seq <= ?2 AND +kind = 0;
-- name: prune_hub
DELETE FROM updates WHERE seq IN (SELECT seq FROM updates INDEXED BY
 updates_hub WHERE seq > ?1 AND seq <= ?2 AND kind = 1);

-- name: read_span
SELECT epoch, (SELECT pruned_seq FROM totals WHERE kind = 0), session_change
 FROM meta;
-- name: read_updates
SELECT seq, kind, private, retry_ms, id, type, topics, data FROM updates
 WHERE seq > ?1 ORDER BY seq LIMIT ?2;
-- name: read_tail
SELECT seq FROM sqlite_sequence WHERE name = 'updates';
-- name: read_key
SELECT epoch, cursor_key FROM meta;
-- name: find_id
SELECT seq, private, topics FROM updates WHERE id = ?1 ORDER BY seq LIMIT ?2;

-- A row of another living process is not changed: that process was faster.
-- name: keep_subscriber
UPDATE OR FAIL subscribers SET owner = ?2, until_ms = 0
 WHERE key = ?1 AND owner IN (?2, 0);
-- name: insert_subscriber
INSERT OR IGNORE INTO subscribers (key, owner, until_ms, subscriber, token,
 topics, payload, signer)
 VALUES (?1, ?2, ?7, ?3, ?4, ?5, ?6, ?8);
-- Owner 0: the subscriber was taken over, and becomes away again before that
-- was written.
-- name: leave_subscriber
UPDATE OR FAIL subscribers SET owner = 0, until_ms = ?3, signer = ?4
 WHERE key = ?1 AND owner IN (?2, 0);
-- Owner 0: the subscriber was to be taken over, and ended before that was
-- written.
-- name: delete_subscriber
DELETE FROM subscribers WHERE key = ?1 AND owner IN (?2, 0);
-- name: insert_subscription
INSERT OR FAIL INTO subscriptions (topic, kind, key) VALUES (?1, ?2, ?3);
-- name: delete_subscription
DELETE FROM subscriptions WHERE topic = ?1 AND kind = ?2 AND key = ?3;
-- name: next_owner
SELECT min(owner) FROM subscribers WHERE owner > ?1;
-- name: read_away
SELECT key, subscriber, topics, payload, token FROM subscribers
 WHERE key = ?1 AND owner = 0 AND until_ms > ?2;
-- name: subscribers_of
SELECT key, subscriber, topics, payload, token FROM subscribers
 WHERE owner = ?1 AND until_ms <= ?2 LIMIT ?3;
-- Subscribers that are away and whose right comes from the signer ?1.
-- name: away_of_signer
SELECT key, subscriber, topics, payload, token FROM subscribers
 WHERE owner = 0 AND signer = ?1 LIMIT ?2;
-- name: away_signers
SELECT DISTINCT signer FROM subscribers WHERE owner = 0;
-- Subscribers that are away and whose right comes from a session: all, if ?3,
-- otherwise those with another payload or a later end than the session has now.
-- name: away_of_session
SELECT key, subscriber, topics, payload, token FROM subscribers
 WHERE token = ?1 AND owner = 0
 AND (?3 OR payload IS NOT ?4 OR until_ms > ?5) LIMIT ?2;
-- name: list_subscribers
SELECT owner, until_ms, subscriber, topics, payload FROM subscribers
 ORDER BY owner;
-- name: list_subscriptions
SELECT s.owner, s.until_ms, s.subscriber, NULL, s.payload FROM subscriptions
 CROSS JOIN subscribers AS s ON s.key = subscriptions.key
 WHERE subscriptions.topic = ?1 AND subscriptions.kind = ?2
 AND (?3 IS NULL OR s.subscriber = ?3);
-- name: read_last_id
SELECT (SELECT seq FROM sqlite_sequence WHERE name = 'updates'),
 (SELECT max(seq) FROM updates),
 (SELECT id FROM updates ORDER BY seq DESC LIMIT 1);

-- name: look_at_key_set
SELECT changed_ms, fresh_ms, tried_ms, error FROM key_sets WHERE url = ?1;
-- name: read_key_set
SELECT changed_ms, fresh_ms, tried_ms, error, key_set FROM key_sets
 WHERE url = ?1;
-- A last attempt that lies in the future by more than the whole interval was
-- written before the clock was set back; by less, it was written while this
-- process waited.
-- name: claim_key_set
INSERT INTO key_sets (url, tried_ms) VALUES (?1, ?2)
 ON CONFLICT (url) DO UPDATE SET tried_ms = ?2
 WHERE tried_ms <= ?3 OR tried_ms > 2 * ?2 - ?3;
-- name: store_key_set
INSERT INTO key_sets (url, tried_ms, changed_ms, fresh_ms, error, key_set)
 VALUES (?1, ?3, ?3, ?4, NULL, ?2)
 ON CONFLICT (url) DO UPDATE SET fresh_ms = ?4, error = NULL,
 changed_ms = CASE WHEN key_set IS ?2 THEN changed_ms ELSE ?3 END,
 key_set = ?2;
-- name: store_key_set_error
INSERT INTO key_sets (url, tried_ms, error) VALUES (?1, ?3, ?2)
 ON CONFLICT (url) DO UPDATE SET error = ?2;
-- name: forget_key_sets
DELETE FROM key_sets WHERE tried_ms < ?1;

-- name: find_session
SELECT digest, until_ms, topics, payload, change, kept_ms, moved_to,
 granted_ms FROM sessions WHERE digest = ?1 AND until_ms > ?2;
-- The session whose digest lies between ?1 and ?2.
-- name: session_of_token
SELECT digest, until_ms, topics, payload, change, kept_ms, moved_to,
 granted_ms FROM sessions WHERE digest >= ?1 AND digest <= ?2 AND until_ms > ?3;
-- The next session that moved to ?1.
-- name: session_behind
SELECT digest, until_ms, topics, payload, change, kept_ms, moved_to,
 granted_ms FROM sessions WHERE moved_to = ?1 AND until_ms > ?2 AND digest > ?3
 ORDER BY digest LIMIT 1;
-- name: read_session_change
SELECT session_change FROM meta;
-- name: next_session_change
UPDATE OR FAIL meta SET session_change = session_change + 1
 RETURNING session_change;
-- name: store_session
INSERT INTO sessions (digest, change, until_ms, kept_ms, moved_to, topics,
 payload, granted_ms) VALUES (?1, ?2, ?3, ?3, ?6, ?4, ?5, ?7)
 ON CONFLICT (digest) DO UPDATE SET change = ?2, until_ms = ?3,
 kept_ms = max(kept_ms, ?3), moved_to = ?6, topics = ?4, payload = ?5,
 granted_ms = ?7;
-- Sessions that had moved to this one.
-- name: move_session_on
UPDATE sessions SET moved_to = ?2 WHERE moved_to = ?1;
-- name: session_changes
SELECT digest, until_ms, topics, payload, change, kept_ms, moved_to,
 granted_ms FROM sessions WHERE change > ?1 ORDER BY change LIMIT ?2;
-- name: list_sessions
SELECT digest, until_ms, topics, payload, change, kept_ms, moved_to,
 granted_ms FROM sessions WHERE until_ms > ?1 AND moved_to IS NULL
 ORDER BY until_ms LIMIT ?2;
-- name: forget_sessions
DELETE FROM sessions WHERE digest IN
 (SELECT digest FROM sessions WHERE kept_ms <= ?1 LIMIT 100);
