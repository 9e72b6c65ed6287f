/* SPDX-License-Identifier: MIT */
/* jws_pem.c - finds PEM blocks; OpenSSL decodes the public keys. */
#include "jose/jws_pem.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#define BEGIN "-----BEGIN "
#define END "-----END "
#define DASHES "-----"

/* Blocks that users give instead of a public key, and the fix for each. */
static const struct {
	const char *label, *sentence;
} others[] = {
	{ "PRIVATE KEY", "The PEM text is a private key, which the hub must "
			 "not have: openssl pkey -pubout makes the public "
			 "key of it." },
	{ "CERTIFICATE", "The PEM text is a certificate: openssl x509 -pubkey "
			 "-noout prints the public key in it." },
};

/* Where `text` first stands in `s`, or NULL. */
static const char *
find(struct slice s, const char *text)
{
	return s.base != NULL ? memmem(s.base, s.len, text, strlen(text))
			      : NULL;
}

bool
jws_pem_is(struct slice text)
{
	return find(text, BEGIN) != NULL;
}

/* Cut the first block, from its BEGIN line to its END line, off *text. */
static enum err
block_cut(struct slice *block, struct slice *label, struct slice *text,
    struct problem *p)
{
	const char *begin = find(*text, BEGIN), *end, *dashes;
	struct slice rest;

	if (begin == NULL)
		return ERR_NOTFOUND;
	rest = slice_after(*text, (size_t)(begin - text->base));
	label->base = begin + strlen(BEGIN);
	dashes = find(slice_after(rest, strlen(BEGIN)), DASHES);
	end = find(rest, END);
	if (dashes == NULL || end == NULL || dashes > end)
		return problem_set(p, ERR_SYNTAX,
		    "The PEM text is cut: a line -----BEGIN or -----END is "
		    "not complete.");
	label->len = (size_t)(dashes - label->base);
	rest = slice_after(rest, (size_t)(end - rest.base) + strlen(END));
	if ((dashes = find(rest, DASHES)) == NULL)
		return problem_set(
		    p, ERR_SYNTAX, "The PEM text is cut: its end is missing.");
	*text =
	    slice_after(rest, (size_t)(dashes - rest.base) + strlen(DASHES));
	*block = (struct slice){ begin, (size_t)(text->base - begin) };
	return ERR_OK;
}

/* A public key has none, and nobody is there to be asked. */
static int
no_password(char *to, int size, int writing, void *arg)
{
	(void)to;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

enum err
jws_pem_read(EVP_PKEY **out, struct slice *text, struct problem *p)
{
	struct slice block = { NULL, 0 }, label = block;
	EVP_PKEY *pkey;
	BIO *bio;
	enum err e;

	if ((e = block_cut(&block, &label, text, p)) != ERR_OK)
		return e;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (find(label, others[i].label) != NULL)
			return problem_set(
			    p, ERR_SYNTAX, "%s", others[i].sentence);
	if ((bio = BIO_new_mem_buf(block.base, (int)block.len)) == NULL)
		return ERR_NOMEM;
	pkey = PEM_read_bio_PUBKEY(bio, NULL, no_password, NULL);
	BIO_free(bio);
	ERR_clear_error();
	if (pkey == NULL)
		return problem_set(p, ERR_SYNTAX,
		    "The PEM text is not a public key that can be read.");
	*out = pkey;
	return ERR_OK;
}
