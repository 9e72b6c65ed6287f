/* SPDX-License-Identifier: MIT */
/* queue_cursor.c - positions as event ids: one AES block, base64url. */
#include <openssl/evp.h>
#include <string.h>

#include "base64url.h"
#include "queue_ops.h"

#define BLOCK_SIZE 16
#define BLOCK_TEXT 22 /* as base64url */

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

/* A block is used for one plain text only, and each plain text is different:
 * the one use for which ECB is right. */
static enum err
crypt_block(const struct queue_cursor_key *k, int encrypt,
    const uint8_t in[BLOCK_SIZE], uint8_t out[BLOCK_SIZE])
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int n = 0;
	enum err e = ERR_NOMEM;

	if (c != NULL &&
	    EVP_CipherInit_ex(
		c, EVP_aes_128_ecb(), NULL, k->key, NULL, encrypt) == 1 &&
	    EVP_CIPHER_CTX_set_padding(c, 0) == 1 &&
	    EVP_CipherUpdate(c, out, &n, in, BLOCK_SIZE) == 1 &&
	    n == BLOCK_SIZE)
		e = ERR_OK;
	EVP_CIPHER_CTX_free(c);
	return e;
}

enum err
queue_cursor_id(
    const struct queue_cursor_key *k, struct cursor at, char out[QUEUE_ID_SIZE])
{
	uint8_t plain[BLOCK_SIZE], block[BLOCK_SIZE];
	struct buf b;
	enum err e;

	out[0] = '\0';
	put_u64(plain, k->epoch);
	put_u64(plain + 8, at.lo);
	if ((e = crypt_block(k, 1, plain, block)) != ERR_OK)
		return e;

	buf_init(&b, QUEUE_ID_SIZE);
	buf_byte(&b, '#');
	base64url_encode(&b, block, sizeof(block));
	buf_byte(&b, '\0');
	if ((e = b.err) == ERR_OK)
		memcpy(out, b.base, b.len);
	buf_free(&b);
	return e;
}

enum err
queue_cursor_parse(
    const struct queue_cursor_key *k, struct slice id, struct cursor *out)
{
	uint8_t plain[BLOCK_SIZE], block[BLOCK_SIZE];
	struct buf b;
	enum err e;

	if (id.len != 1 + BLOCK_TEXT || id.base[0] != '#')
		return ERR_SYNTAX;
	buf_init(&b, BLOCK_SIZE);
	e = base64url_decode(&b, slice_after(id, 1));
	if (e == ERR_OK)
		memcpy(block, b.base, sizeof(block));
	buf_free(&b);
	if (e != ERR_OK)
		return e;

	if ((e = crypt_block(k, 0, block, plain)) != ERR_OK)
		return e;
	if (get_u64(plain) != k->epoch)
		return ERR_SYNTAX;
	*out = (struct cursor){ 0, get_u64(plain + 8) };
	return ERR_OK;
}
