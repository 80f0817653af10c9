/* SPDX-License-Identifier: Apache-2.0 */
/* The tool's image decoders on the files that make_images.py has made: good ones give Pillow's pixels, hostile ones an
 * error. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"

static const char *folder;

static void path_of(char path[512], const char *name, const char *ending)
{
    snprintf(path, 512, "%s/%s%s", folder, name, ending);
}

static int largest_difference(const struct image *image, const char *expected_path)
{
    size_t size = (size_t)image->width * (size_t)image->height * 3;
    uint8_t *expected = malloc(size);
    int largest = 0;
    FILE *file = fopen(expected_path, "rb");
    if (!file || !expected || fread(expected, 1, size, file) != size) fail_msg("%s cannot be read", expected_path);
    for (size_t i = 0; i < size; i++) {
        int difference = abs(image->pixels[i] - expected[i]);
        if (difference > largest) largest = difference;
    }
    fclose(file);
    free(expected);
    return largest;
}

static void check_good(const char *name, const char *rest)
{
    char path[512], expected[512];
    int width, height, tolerance;
    struct image image;
    wrn_error error;
    path_of(path, name, "");
    path_of(expected, name, ".rgb");
    assert_int_equal(sscanf(rest, "%d %d %d", &width, &height, &tolerance), 3);
    if (!image_load(path, &image, &error)) fail_msg("%s: %s", name, error.message);
    if (image.width != width || image.height != height) fail_msg("%s: is %d x %d", name, image.width, image.height);
    int difference = largest_difference(&image, expected);
    if (difference > tolerance) fail_msg("%s: differs by %d", name, difference);
    image_free(&image);
}

static void check_bad(const char *name, const char *message)
{
    char path[512];
    struct image image;
    wrn_error error = { 0 };
    path_of(path, name, "");
    if (image_load(path, &image, &error)) fail_msg("%s: was decoded", name);
    assert_null(image.pixels);
    assert_int_not_equal(error.status, WRN_OK);
    if (error.message[0] == 0 || !strstr(error.message, message))
        fail_msg("%s: the message is '%s', not '%s'", name, error.message, message);
}

/* What comes out depends on the library; it comes out, though, and in bounded memory. */
static void check_any(const char *name)
{
    char path[512];
    struct image image;
    wrn_error error;
    path_of(path, name, "");
    if (image_load(path, &image, &error)) image_free(&image);
}

static void manifest(void **state)
{
    char path[512], line[512];
    int checked = 0;
    (void)state;
    path_of(path, "manifest.txt", "");
    FILE *file = fopen(path, "r");
    if (!file) fail_msg("%s cannot be read", path);
    while (fgets(line, sizeof line, file)) {
        char name[128], kind[8];
        int at = 0;
        line[strcspn(line, "\n")] = 0;
        assert_int_equal(sscanf(line, "%127s %7s %n", name, kind, &at), 2);
        if (strcmp(kind, "ok") == 0)
            check_good(name, line + at);
        else if (strcmp(kind, "bad") == 0)
            check_bad(name, line + at);
        else
            check_any(name);
        checked++;
    }
    fclose(file);
    assert_true(checked > 50);
}

static void not_files(void **state)
{
    struct image image;
    wrn_error error;
    (void)state;
    assert_false(image_load(folder, &image, &error));
    assert_non_null(strstr(error.message, "directory"));
    assert_false(image_load("/dev/zero", &image, &error));
    assert_non_null(strstr(error.message, "not a regular file"));
    assert_false(image_load("/nonexistent", &image, &error));
    assert_int_equal(error.status, WRN_E_IO);
}

int main(int argc, char **argv)
{
    if (argc != 2 || !image_available()) return 77;
    folder = argv[1];
    const struct CMUnitTest tests[] = { cmocka_unit_test(manifest), cmocka_unit_test(not_files) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
