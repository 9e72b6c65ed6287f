/* SPDX-License-Identifier: MIT */
/* host_name.c - reads names of hosts in the DNS. */
#include "text/host_name.h"

#define NAME_MAX_LEN 253
#define LABEL_MAX_LEN 63

static bool
is_letter_or_digit(char c)
{
	const char lower = (char)(c | 0x20);

	return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9');
}

static bool
is_label(struct slice s)
{
	if (s.len == 0 || s.len > LABEL_MAX_LEN || s.base[0] == '-' ||
	    s.base[s.len - 1] == '-')
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (!is_letter_or_digit(s.base[i]) && s.base[i] != '-')
			return false;
	return true;
}

static bool
ends_with_dot(struct slice name)
{
	return name.len > 0 && name.base[name.len - 1] == '.';
}

bool
host_name_is_valid(struct slice name)
{
	struct slice label;

	if (name.len == 0 || name.len > NAME_MAX_LEN || ends_with_dot(name))
		return false;
	while (slice_cut(&name, '.', &label))
		if (!is_label(label))
			return false;
	return true;
}

bool
host_name_has_gap(struct slice name)
{
	struct slice label;

	if (ends_with_dot(name))
		name.len--;
	if (name.len == 0 || ends_with_dot(name))
		return true;
	while (slice_cut(&name, '.', &label))
		if (label.len == 0)
			return true;
	return false;
}
