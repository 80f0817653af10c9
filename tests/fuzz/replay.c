/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target without libFuzzer: on every file of the folders and files given, on the file cut short at some
 * places, and with single bytes changed. The same mutations in each run.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SIZE (4 << 20)
#define CUTS 24
#define FLIPS 48

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input is in memory of exactly its size, so that a sanitizer sees one byte too many. */
static void run_copy(const uint8_t *data, size_t size, size_t at, uint8_t flip)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy) abort();
    if (size) memcpy(copy, data, size);
    if (at < size) copy[at] ^= flip;
    (void)LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static size_t run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(MAX_SIZE);
    if (!file || !data) {
        fprintf(stderr, "%s: cannot be read\n", path);
        exit(1);
    }
    size_t size = fread(data, 1, MAX_SIZE, file);
    fclose(file);

    uint32_t random = 2463534242u; /* xorshift32 */
    run_copy(data, size, size, 0);
    for (size_t i = 0; i < CUTS; i++) run_copy(data, size * i / CUTS, size, 0);
    for (size_t i = 0; i < FLIPS && size > 0; i++) {
        random ^= random << 13, random ^= random >> 17, random ^= random << 5;
        /* Half of the changes near the start, where headers are. */
        size_t range = i % 2 && size > 256 ? 256 : size;
        run_copy(data, size, random % range, (uint8_t)(1u << (random >> 29)));
    }
    free(data);
    return 1;
}

static size_t run_path(const char *path)
{
    DIR *directory = opendir(path);
    size_t files = 0;
    if (!directory) return run_file(path);
    for (struct dirent *entry; (entry = readdir(directory));) {
        char inner[4096];
        if (entry->d_name[0] == '.') continue;
        snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        files += run_path(inner);
    }
    closedir(directory);
    return files;
}

int main(int count, char **arguments)
{
    size_t files = 0;
    for (int i = 1; i < count; i++) files += run_path(arguments[i]);
    printf("%zu files\n", files);
    return files == 0;
}
