/* SPDX-License-Identifier: MIT */
/* test_rights.c - the command that gives access to a file. */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/rights.h"

#define WWW 33     /* www-data, on every Debian */
#define ALICE 1234 /* nobody has these numbers */
#define FILE_ S_IFREG
#define DIR_ S_IFDIR

static const struct {
	const char *name;
	uid_t uid; /* of the process */
	gid_t gid;
	mode_t mode;
	uid_t owner;
	gid_t group;
	int wanted;
	bool reset, of_folder;
	const char *want;
} rows[] = {
	{ "another group's", ALICE, ALICE, FILE_ | 0640, 0, WWW, R_OK, false,
	    false,
	    "usermod -aG www-data alice, and restart what runs as "
	    "alice" },
	{ "root's alone", ALICE, ALICE, FILE_ | 0600, 0, 0, R_OK, false, false,
	    "chgrp www-data F && chmod 640 F && usermod -aG www-data alice, "
	    "and restart what runs as alice" },
	{ "the web server's user", WWW, WWW, FILE_ | 0600, 0, 0, R_OK, false,
	    false, "chgrp www-data F && chmod 640 F" },
	{ "a member, mode", WWW, WWW, FILE_ | 0600, 0, WWW, R_OK, false, false,
	    "chmod 640 F" },
	{ "its owner", ALICE, ALICE, FILE_ | 0040, ALICE, ALICE, R_OK, true,
	    false, "chmod 640 F" },
	{ "open to all, root asks", 0, 0, FILE_ | 0644, 0, 0, R_OK, true, false,
	    "chgrp www-data F && chmod 640 F" },
	{ "open to all, a group is there", 0, 0, FILE_ | 0644, 0, WWW, R_OK,
	    true, false, "chmod 640 F" },
	{ "open to all, its owner asks", ALICE, ALICE, FILE_ | 0644, ALICE, 0,
	    R_OK, true, false, "chmod 640 F" },
	{ "a folder of root's", WWW, WWW, DIR_ | 0755, 0, 0, W_OK | X_OK, false,
	    false, "chgrp www-data F && chmod 2770 F" },
	{ "a folder of the group", ALICE, ALICE, DIR_ | 02770, 0, WWW,
	    W_OK | X_OK, false, false,
	    "usermod -aG www-data alice, and restart what runs as alice" },
	{ "a file in a folder of the group", WWW, WWW, FILE_ | 0644, ALICE,
	    ALICE, R_OK | W_OK, false, true,
	    "chgrp www-data F && chmod 660 F" },
	{ "only its group is wrong", WWW, WWW, FILE_ | 0660, ALICE, ALICE,
	    R_OK | W_OK, false, true, "chgrp www-data F" },
	{ "nothing is wrong", WWW, WWW, FILE_ | 0660, 0, WWW, R_OK | W_OK,
	    false, true, "" },
};

static void
test_fix(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rights_who who = { .uid = rows[i].uid,
			.groups = { rows[i].gid },
			.groups_n = 1,
			.user = "alice",
			.shared = "www-data",
			.shared_gid = WWW,
			.of_folder = rows[i].of_folder };
		struct stat st = { .st_mode = rows[i].mode,
			.st_uid = rows[i].owner,
			.st_gid = rows[i].group };
		char out[PROBLEM_MAX];

		rights_fix(out, sizeof(out), "F", &st, rows[i].wanted,
		    rows[i].reset, &who);
		if (strcmp(out, rows[i].want) != 0)
			fail_msg("%s: %s", rows[i].name, out);
	}
}

/* A long path and long names do not overflow, at any size. */
static void
test_room(void **state)
{
	struct rights_who who = { .uid = ALICE, .groups_n = 1 };
	struct stat st = { .st_mode = FILE_ | 0600 };
	char path[2000], out[PROBLEM_MAX];

	(void)state;
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	memset(who.user, 'u', sizeof(who.user) - 1);
	memset(who.shared, 's', sizeof(who.shared) - 1);
	for (size_t size = 1; size <= sizeof(out); size++) {
		memset(out, 1, sizeof(out));
		rights_fix(out, size, path, &st, R_OK, true, &who);
		assert_true(strnlen(out, sizeof(out)) < size);
		if (size < sizeof(out))
			assert_int_equal(out[size], 1);
	}
}

static void
test_names(void **state)
{
	struct problem p = { "untouched" };
	char name[RIGHTS_NAME_MAX];
	struct rights_who who;

	(void)state;
	rights_group_name(name, 0);
	assert_string_equal(name, "root");
	rights_group_name(name, 987654);
	assert_string_equal(name, "987654");
	assert_string_equal(rights_owner_for("no such group"), "root");
	assert_string_equal(rights_owner_for("www-data"), "www-data");
	rights_of_process(&who);
	assert_true(who.uid == geteuid() && who.groups[0] == getegid());
	assert_true(who.user[0] != '\0' && who.shared[0] != '\0');
	/* What can be used, and what is not there, needs no sentence. */
	assert_false(rights_explain(&p, "/", R_OK));
	assert_false(rights_explain(&p, "/none/of/it", R_OK));
	assert_false(rights_explain(&p, "none", R_OK));
	assert_string_equal(p.text, "untouched");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fix),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
