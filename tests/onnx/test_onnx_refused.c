/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fixtures/refused: each ends in an error that names the node in the first line of expect.txt. */
#include "test.h"

#include <dirent.h>

#define FOLDER WRN_TEST_SOURCE "/tests/fixtures/refused"

static void first_line(const char *path, char *line, int size)
{
    FILE *file = fopen(path, "r");
    if (!file || !fgets(line, size, file)) fail_msg("%s cannot be read", path);
    fclose(file);
    line[strcspn(line, "\n")] = 0;
}

static void test_refused(void **state)
{
    (void)state;
    char path[1024], expected[256], quoted[300];
    int cases = 0;
    DIR *dir = opendir(FOLDER);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (entry->d_name[0] == '.') continue;
        wrn_model *model;
        snprintf(path, sizeof path, FOLDER "/%s/expect.txt", entry->d_name);
        first_line(path, expected, sizeof expected);
        snprintf(quoted, sizeof quoted, "node '%s'", expected);
        snprintf(path, sizeof path, FOLDER "/%s/model.onnx", entry->d_name);
        wrn_status status = wrn_load(path, NULL, &model, &test_error);
        assert_null(model);
        if (status != WRN_E_UNSUPPORTED && status != WRN_E_SHAPE)
            fail_msg("%s: %s: %s", entry->d_name, wrn_status_name(status), test_error.message);
        if (!strstr(test_error.message, quoted))
            fail_msg("%s: no \"%s\" in: %s", entry->d_name, quoted, test_error.message);
        cases++;
    }
    closedir(dir);
    assert_true(cases > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_refused) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
