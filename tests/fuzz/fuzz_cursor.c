/* SPDX-License-Identifier: MIT */
/* fuzz_cursor.c - any text as a cursor id, and each position there and back. */
#include <stdlib.h>
#include <string.h>

#include "queue/backend.h"

#define POSITION_SIZE 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct queue_cursor_key key = { 0x0102030405060708,
	"sixteen bytes k" };

/* Each id has one spelling: what is understood is what would be written. */
static bool
is_id_of(const struct queue_cursor_key *k, struct slice text)
{
	char again[QUEUE_AWAY_ID_SIZE];
	uint64_t at;
	uint64_t row;

	if (queue_cursor_parse(k, text, &at, &row) != ERR_OK)
		return false;
	if (queue_away_id(k, at, row, again) != ERR_OK ||
	    !slice_is(text, again))
		abort();
	return true;
}

/* The id of a position, and of the row of a subscriber that is away, leads
 * back to them, with the same key only. */
static void
there_and_back(uint64_t at, uint64_t row)
{
	struct queue_cursor_key other = key;
	char id[QUEUE_AWAY_ID_SIZE];
	uint64_t back;
	uint64_t row_back;

	if (queue_away_id(&key, at, row, id) != ERR_OK || id[0] != '#' ||
	    queue_cursor_parse(&key, slice_of(id), &back, &row_back) !=
		ERR_OK ||
	    at != back || row != row_back)
		abort();
	other.epoch++;
	if (is_id_of(&other, slice_of(id)))
		abort();
}

/* One changed byte makes another text of it, hence no id of this epoch: it
 * would have to hit 64 bits by chance. */
static void
changed(uint64_t at, uint64_t row, uint8_t place, uint8_t by)
{
	char id[QUEUE_AWAY_ID_SIZE];
	size_t len;

	if (by == 0 || queue_away_id(&key, at, row, id) != ERR_OK)
		return;
	len = strlen(id);
	id[place % len] ^= (char)by;
	if (is_id_of(&key, (struct slice){ id, len }))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t at = 0;

	is_id_of(&key, (struct slice){ (const char *)data, size });
	if (size < POSITION_SIZE + 2)
		return 0;
	memcpy(&at, data, POSITION_SIZE);
	there_and_back(at, 0);
	there_and_back(at, at | 1);
	changed(at, 0, data[POSITION_SIZE], data[POSITION_SIZE + 1]);
	changed(at, at | 1, data[POSITION_SIZE], data[POSITION_SIZE + 1]);
	return 0;
}
