/* SPDX-License-Identifier: MIT */
/* gen_secret_key.c - pushcgi gen-secret-key: random text for a key. */
#include <sys/random.h>

#include "cmd/cmd.h"
#include "cmd/list.h"

#define KEY_BYTES 32 /* RFC 7518, 3.2: no shorter than the hash of HS256 */

static const struct cmd_option options[] = {
	{ .name = NULL },
};

static enum err
gen_secret_key_run(struct buf *out, const struct cmd_line *l, struct pushcgi *h,
    struct problem *p)
{
	uint8_t bytes[KEY_BYTES];

	(void)l;
	(void)h;
	if (getentropy(bytes, sizeof(bytes)) != 0)
		return problem_set(
		    p, ERR_IO, "The system gives no random bytes.");
	for (size_t i = 0; i < sizeof(bytes); i++)
		buf_printf(out, "%02x", bytes[i]);
	buf_byte(out, '\n');
	explicit_bzero(bytes, sizeof(bytes));
	return ERR_OK;
}

const struct cmd cmd_gen_secret_key = {
	.name = "gen-secret-key",
	.operands = "",
	.help = "Print a random key for SECRET_KEY.",
	.options = options,
	.run = gen_secret_key_run,
};
