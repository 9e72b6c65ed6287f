/* SPDX-License-Identifier: MIT */
/* test_jws_text.c - a token verifies in one spelling only. */
#include "unit/unit.h"

#include "jose/jws.h"
#include "unit/jws_forge.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Where the n-th segment (from 0) of `token` starts. */
static size_t
segment_at(struct slice token, int n)
{
	struct slice rest = token, part;

	for (int i = 0; i < n; i++)
		assert_true(slice_cut(&rest, '.', &part));
	return (size_t)(rest.base - token.base);
}

/* Put `text` in place of the segments from `from` to before `to`. */
static void
splice(struct buf *token, int from, int to, const char *text)
{
	struct buf b;
	size_t start = segment_at(buf_view(token), from);
	size_t end = to < 3 ? segment_at(buf_view(token), to) : token->len;

	buf_init(&b, FORGE_MAX);
	buf_add(&b, token->base, start);
	buf_text(&b, text);
	buf_slice(&b, slice_after(buf_view(token), end));
	buf_free(token);
	*token = b;
}

static void
twist_none_unsigned(struct buf *token)
{
	splice(token, 0, 1, "eyJhbGciOiJub25lIn0.");
	splice(token, 2, 3, "");
}

static void
twist_no_signature(struct buf *token)
{
	splice(token, 2, 3, "");
}

static void
twist_no_payload(struct buf *token)
{
	splice(token, 1, 2, ".");
}

static void
twist_no_header(struct buf *token)
{
	splice(token, 0, 1, ".");
}

static void
twist_other_payload(struct buf *token)
{
	splice(token, 1, 2, "e30.");
}

static void
twist_two_segments(struct buf *token)
{
	splice(token, 2, 3, "");
	splice(token, 1, 2, "e30");
}

static void
twist_four_segments(struct buf *token)
{
	buf_text(token, ".AAAA");
}

static void
twist_five_segments(struct buf *token)
{
	buf_text(token, ".AAAA.AAAA");
}

static void
twist_dot_behind(struct buf *token)
{
	buf_text(token, ".");
}

static void
twist_dot_in_front(struct buf *token)
{
	splice(token, 0, 0, ".");
}

static void
twist_dots_only(struct buf *token)
{
	splice(token, 0, 3, "..");
}

static void
twist_empty(struct buf *token)
{
	splice(token, 0, 3, "");
}

static void
twist_one_padding(struct buf *token)
{
	buf_text(token, "=");
}

static void
twist_two_padding(struct buf *token)
{
	buf_text(token, "==");
}

static void
twist_exclamation(struct buf *token)
{
	buf_text(token, "!!");
}

static void
twist_line_feed(struct buf *token)
{
	buf_text(token, "\n");
}

static void
twist_nul(struct buf *token)
{
	buf_byte(token, '\0');
}

static void
twist_header_padding(struct buf *token)
{
	splice(token, 1, 1, "=.");
	splice(token, 2, 3, "");
}

static void
twist_blank_in_front(struct buf *token)
{
	splice(token, 0, 0, " ");
}

static void
twist_scheme_in_front(struct buf *token)
{
	splice(token, 0, 0, "Bearer ");
}

/* 32 bytes leave two unused bits in the last of 43 characters. */
static void
twist_trailing_bits(struct buf *token)
{
	token->base[token->len - 1]++;
}

/* The same bytes in the standard alphabet; forge() until one is there. */
static void
twist_standard_alphabet(struct buf *token)
{
	char claims[32];
	size_t changed = 0;

	for (int n = 0; changed == 0; n++) {
		snprintf(claims, sizeof(claims), "{\"n\":%d}", n);
		buf_clear(token);
		forge(token, slice_of(HONEST), slice_of(claims),
		    slice_of(SECRET), EVP_sha256());
		for (size_t i = segment_at(buf_view(token), 2); i < token->len;
		     i++) {
			char c = token->base[i];

			token->base[i] = c == '-' ? '+' : c == '_' ? '/' : c;
			changed += token->base[i] != c;
		}
	}
}

static void
twist_first_bit(struct buf *token)
{
	char *c = token->base + segment_at(buf_view(token), 2);

	*c = *c == 'A' ? 'B' : 'A';
}

static void
twist_signature_shorter(struct buf *token)
{
	token->len -= 3; /* 30 bytes, no unused bits */
}

static void
twist_signature_longer(struct buf *token)
{
	token->len--;
	buf_text(token, "AAAA");
}

static const struct {
	const char *name;
	void (*twist)(struct buf *token);
} twists[] = {
	{ "alg none and no signature", twist_none_unsigned },
	{ "empty signature", twist_no_signature },
	{ "empty payload", twist_no_payload },
	{ "empty header", twist_no_header },
	{ "payload of another token", twist_other_payload },
	{ "two segments", twist_two_segments },
	{ "four segments", twist_four_segments },
	{ "five segments", twist_five_segments },
	{ "dot behind", twist_dot_behind },
	{ "dot in front", twist_dot_in_front },
	{ "dots only", twist_dots_only },
	{ "empty text", twist_empty },
	{ "signature with =", twist_one_padding },
	{ "signature with ==", twist_two_padding },
	{ "signature with !!", twist_exclamation },
	{ "signature with a line feed", twist_line_feed },
	{ "signature with NUL", twist_nul },
	{ "header with padding", twist_header_padding },
	{ "blank in front", twist_blank_in_front },
	{ "scheme in front", twist_scheme_in_front },
	{ "signature with trailing bits", twist_trailing_bits },
	{ "signature in the standard alphabet", twist_standard_alphabet },
	{ "first bit of the signature", twist_first_bit },
	{ "signature two bytes shorter", twist_signature_shorter },
	{ "signature longer", twist_signature_longer },
};

static void
test_twisted_texts(void **state)
{
	struct jws_keys *k = forge_key(SECRET, "HS256");
	struct buf token;

	(void)state;
	for (size_t i = 0; i < COUNT(twists); i++) {
		buf_init(&token, FORGE_MAX);
		forge_header(&token, HONEST);
		assert_int_equal(
		    forge_verify(twists[i].name, buf_view(&token), k), ERR_OK);
		twists[i].twist(&token);
		if (forge_verify(twists[i].name, buf_view(&token), k) !=
		    ERR_TOKEN)
			fail_msg("%s", twists[i].name);
		buf_free(&token);
	}
	assert_int_equal(forge_verify("absent", slice_of(NULL), k), ERR_TOKEN);
	jws_keys_free(k);
}

/* Every single byte of a token counts. */
static void
test_every_byte_counts(void **state)
{
	struct jws_keys *k = forge_key(SECRET, "HS256");
	struct buf token;
	struct problem p;

	(void)state;
	buf_init(&token, FORGE_MAX);
	forge_header(&token, HONEST);
	for (size_t i = 0; i < token.len; i++) {
		for (int bit = 0; bit < 8; bit++) {
			token.base[i] = (char)(token.base[i] ^ 1 << bit);
			snprintf(
			    p.text, sizeof(p.text), "byte %zu bit %d", i, bit);
			if (forge_verify(p.text, buf_view(&token), k) !=
			    ERR_TOKEN)
				fail_msg("%s", p.text);
			token.base[i] = (char)(token.base[i] ^ 1 << bit);
		}
	}
	buf_free(&token);
	jws_keys_free(k);
}

static void
test_length(void **state)
{
	static const struct {
		const char *name;
		size_t len;
		const char *header; /* some lengths need one of their own */
		enum err want;
	} rows[] = {
		{ "8 KiB", JWS_TOKEN_MAX, HONEST, ERR_OK },
		{ "8 KiB + 1", JWS_TOKEN_MAX + 1, HONEST " ", ERR_TOKEN },
		{ "1 MiB", 1 << 20, HONEST, ERR_TOKEN },
	};
	struct jws_keys *k = forge_key(SECRET, "HS256");
	struct buf token, claims;

	(void)state;
	buf_init(&token, FORGE_MAX);
	buf_init(&claims, FORGE_MAX);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct slice header = slice_of(rows[i].header);
		size_t target = rows[i].len, fixed;

		buf_clear(&token);
		forge(&token, header, slice_of(""), slice_of(SECRET),
		    EVP_sha256());
		fixed = token.len;
		buf_clear(&claims);
		while ((claims.len * 4 + 2) / 3 < target - fixed)
			buf_byte(&claims, ' ');
		buf_clear(&token);
		forge(&token, header, buf_view(&claims), slice_of(SECRET),
		    EVP_sha256());
		assert_int_equal(token.len, target);
		if (forge_verify(rows[i].name, buf_view(&token), k) !=
		    rows[i].want)
			fail_msg("%s", rows[i].name);
	}
	buf_free(&claims);
	buf_free(&token);
	jws_keys_free(k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_twisted_texts),
		cmocka_unit_test(test_every_byte_counts),
		cmocka_unit_test(test_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
