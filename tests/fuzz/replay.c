/* SPDX-License-Identifier: MIT */
/* replay.c - feeds a fuzz target files instead of what a fuzzer invents. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define REPLAY_PATH_MAX 4096
#define REPLAY_FILE_MAX (4L << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
replay_file(const char *path, long *count)
{
	FILE *f = fopen(path, "rb");
	uint8_t *exact = NULL;
	uint8_t *data = NULL;
	size_t size;
	int status = 1;

	if (f == NULL || (data = malloc(REPLAY_FILE_MAX)) == NULL)
		goto out;
	size = fread(data, 1, REPLAY_FILE_MAX, f);
	if (ferror(f))
		goto out;
	/* A block of exactly this size, so that a read past it is caught. */
	if ((exact = malloc(size > 0 ? size : 1)) == NULL)
		goto out;
	memcpy(exact, data, size);
	LLVMFuzzerTestOneInput(size > 0 ? exact : NULL, size);
	*count += 1;
	status = 0;
out:
	if (status != 0)
		fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
	if (f != NULL)
		fclose(f);
	free(data);
	free(exact);
	return status;
}

static int
replay_path(const char *path, long *count)
{
	char inner[REPLAY_PATH_MAX];
	struct dirent *d;
	struct stat st;
	DIR *dir;
	int status = 0;

	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
		return replay_file(path, count);
	if ((dir = opendir(path)) == NULL)
		return 1;
	while (status == 0 && (d = readdir(dir)) != NULL) {
		if (d->d_name[0] == '.')
			continue;
		snprintf(inner, sizeof(inner), "%s/%s", path, d->d_name);
		status = replay_path(inner, count);
	}
	closedir(dir);
	return status;
}

/* Without arguments, as `make check` calls it: the seeds of fuzz_<name>. */
static int
replay_seeds(const char *program, long *count)
{
	const char *src = getenv("PUSHCGI_SRC");
	const char *name = strstr(program, "fuzz_");
	char path[REPLAY_PATH_MAX];

	while (name != NULL && strstr(name + 1, "fuzz_") != NULL)
		name = strstr(name + 1, "fuzz_");
	if (src == NULL || name == NULL) {
		fprintf(stderr, "usage: fuzz_name FILE|FOLDER...\n");
		return 1;
	}
	snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/%s", src,
	    name + strlen("fuzz_"));
	return replay_path(path, count);
}

int
main(int argc, char **argv)
{
	long count = 0;
	int status = 0;

	if (argc < 2)
		status = replay_seeds(argv[0], &count);
	for (int i = 1; i < argc && status == 0; i++)
		status = replay_path(argv[i], &count);
	printf("replayed %ld inputs\n", count);
	return status != 0 || count == 0;
}
