/* SPDX-License-Identifier: MIT */
/* cursor.c - positions as event ids: AES blocks, base64url. */
/* OpenSSL 3.0 calls the plain functions deprecated; see crypt_block(). */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/aes.h>
#include <openssl/crypto.h>
#include <stdbool.h>
#include <string.h>

#include "queue/backend.h"
#include "text/base64url.h"

#define BLOCK_SIZE 16

/* The position, and the key of the row of a subscriber that is away, if any. */
#define BLOCKS_MAX 2
static const size_t text_len[] = { 0, 22, 43 }; /* of blocks as base64url */

static void
put_u64(uint8_t *to, uint64_t n)
{
	for (int i = 7; i >= 0; i--, n >>= 8)
		to[i] = (uint8_t)n;
}

static uint64_t
get_u64(const uint8_t *from)
{
	uint64_t n = 0;

	for (int i = 0; i < 8; i++)
		n = n << 8 | from[i];
	return n;
}

/*
 * Each block encrypts one plain text only, and all plain texts differ: the one
 * use for which ECB is right.  (A position is never as high as a key.)
 * The EVP interface makes OpenSSL build descriptions of all its ciphers first:
 * 150 KB in each of hundreds of processes, for one block.
 */
static void
crypt_block(const struct queue_cursor_key *k, bool forth,
    const uint8_t in[BLOCK_SIZE], uint8_t out[BLOCK_SIZE])
{
	AES_KEY key;

	if (forth) {
		AES_set_encrypt_key(k->key, 128, &key);
		AES_encrypt(in, out, &key);
	} else {
		AES_set_decrypt_key(k->key, 128, &key);
		AES_decrypt(in, out, &key);
	}
	OPENSSL_cleanse(&key, sizeof(key));
}

static void
encrypt(const struct queue_cursor_key *k, uint64_t n, uint8_t out[BLOCK_SIZE])
{
	uint8_t plain[BLOCK_SIZE];

	put_u64(plain, k->epoch);
	put_u64(plain + 8, n);
	crypt_block(k, true, plain, out);
}

/* ERR_SYNTAX: it belongs to another epoch, or was not made by crypt_block(). */
static enum err
decrypt(const struct queue_cursor_key *k, const uint8_t block[BLOCK_SIZE],
    uint64_t *out)
{
	uint8_t plain[BLOCK_SIZE];

	crypt_block(k, false, block, plain);
	*out = get_u64(plain + 8);
	return get_u64(plain) == k->epoch ? ERR_OK : ERR_SYNTAX;
}

/* `out` has room for one block, or for two if `key` is not 0. */
static enum err
write_id(const struct queue_cursor_key *k, uint64_t at, uint64_t key, char *out)
{
	uint8_t blocks[BLOCKS_MAX * BLOCK_SIZE];
	struct buf b;
	enum err e;

	out[0] = '\0';
	encrypt(k, at, blocks);
	if (key != 0)
		encrypt(k, key, blocks + BLOCK_SIZE);
	buf_init(&b, QUEUE_AWAY_ID_SIZE);
	buf_byte(&b, '#');
	base64url_encode(&b, blocks, key != 0 ? sizeof(blocks) : BLOCK_SIZE);
	buf_byte(&b, '\0');
	if ((e = b.err) == ERR_OK)
		memcpy(out, b.base, b.len);
	buf_free(&b);
	return e;
}

enum err
queue_cursor_id(
    const struct queue_cursor_key *k, uint64_t at, char out[QUEUE_ID_SIZE])
{
	return write_id(k, at, 0, out);
}

enum err
queue_away_id(const struct queue_cursor_key *k, uint64_t at, uint64_t key,
    char out[QUEUE_AWAY_ID_SIZE])
{
	return write_id(k, at, key, out);
}

enum err
queue_cursor_parse(const struct queue_cursor_key *k, struct slice id,
    uint64_t *out, uint64_t *key)
{
	uint8_t blocks[BLOCKS_MAX * BLOCK_SIZE];
	uint64_t position = 0, row = 0;
	size_t n = 1;
	struct buf b;
	enum err e;

	while (n <= BLOCKS_MAX && id.len != 1 + text_len[n])
		n++;
	if (n > BLOCKS_MAX || id.base[0] != '#')
		return ERR_SYNTAX;
	buf_init(&b, sizeof(blocks));
	e = base64url_decode(&b, slice_after(id, 1));
	if (e == ERR_OK)
		memcpy(blocks, b.base, b.len);
	buf_free(&b);
	if (e != ERR_OK || (e = decrypt(k, blocks, &position)) != ERR_OK ||
	    (n == BLOCKS_MAX &&
		(e = decrypt(k, blocks + BLOCK_SIZE, &row)) != ERR_OK))
		return e;
	*out = position;
	*key = row;
	return ERR_OK;
}
