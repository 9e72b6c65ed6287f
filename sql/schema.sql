-- SPDX-License-Identifier: MIT
-- schema.sql - the tables of a new queue.
PRAGMA user_version = 1;
