/* SPDX-License-Identifier: MIT */
/* test_file.c - users that may read or change a configuration. */
#include "unit/unit.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/table.h"

static char path[] = "test_config_file.XXXXXX";

static void
write_file(const char *text, size_t len, mode_t mode)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void
keeps_secrets_from_others(void **state)
{
	static const char secret[] = "SECRET_KEY = x\n";
	static const char plain[] = "MERCURE_RETRY = 1\n";
	struct config_sources src = { .path = path };
	struct config *c = NULL;
	struct problem p = { "" };

	(void)state;
	write_file(secret, strlen(secret), 0644);
	assert_int_equal(config_load(&c, &src, &p), ERR_DENIED);
	assert_non_null(strstr(p.text, "chmod 640"));
	assert_null(c);

	write_file(secret, strlen(secret), 0640);
	assert_int_equal(config_load(&c, &src, &p), ERR_OK);
	config_unref(c);
	write_file(plain, strlen(plain), 0644);
	assert_int_equal(config_load(&c, &src, &p), ERR_OK);
	config_unref(c);
}

/* Others must not write the file, since it decides on rights even if it holds
 * no secrets. */
static void
keeps_others_from_changing_it(void **state)
{
	static const struct {
		const char *text;
		mode_t mode;
		const char *want;
	} rows[] = {
		{ "MERCURE_RETRY = 1\n", 0664,
		    "by all of its group: chmod go-w" },
		{ "MERCURE_RETRY = 1\n", 0646, "by everybody: chmod go-w" },
		{ "MERCURE_RETRY = 1\n", 0622, "by everybody: chmod go-w" },
		{ "SECRET_KEY = x\n", 0660, "by all of its group: chmod go-w" },
		{ "SECRET_KEY = x\n", 0664, "chmod 640" },
	};
	struct config_sources src = { .path = path };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct problem p = { "" };
		struct config *c = NULL;

		write_file(rows[i].text, strlen(rows[i].text), rows[i].mode);
		assert_int_equal(config_load(&c, &src, &p), ERR_DENIED);
		assert_null(c);
		if (strstr(p.text, rows[i].want) == NULL ||
		    strstr(p.text, path) == NULL)
			fail_msg("row %zu: %s", i, p.text);
	}
	write_file(rows[0].text, strlen(rows[0].text), 0600);
}

/* The writer of a shell's <(...) may be slower than the reader. */
static void
waits_for_a_pipe(void **state)
{
	static const char text[] = "SECRET_KEY = x\n";
	char name[32];
	struct config_sources src = { .path = name };
	struct config *c = NULL;
	struct problem p = { "" };
	int fds[2];
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	snprintf(name, sizeof(name), "/dev/fd/%d", fds[0]);
	if ((pid = fork()) == 0) {
		usleep(100000);
		_exit(write(fds[1], text, strlen(text)) < 0);
	}
	assert_true(pid > 0);
	close(fds[1]);
	if (config_load(&c, &src, &p) != ERR_OK)
		fail_msg("%s", p.text);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	config_unref(c);
	close(fds[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_secrets_from_others),
		cmocka_unit_test(keeps_others_from_changing_it),
		cmocka_unit_test(waits_for_a_pipe),
	};
	int fd = mkstemp(path), failed;

	if (fd < 0)
		return 1;
	close(fd);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return failed;
}
