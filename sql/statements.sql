-- SPDX-License-Identifier: MIT
-- statements.sql - every statement the queue prepares, by name.

-- name: read_version
PRAGMA user_version;
