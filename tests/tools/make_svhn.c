/* SPDX-License-Identifier: Apache-2.0 */
/* A small folder like SVHN's for test_train_tool.sh.
 *   make_svhn FOLDER */
#include "write_svhn.h"

#include <stdio.h>
#include <sys/stat.h>

int main(int argc, char **argv)
{
    static const struct { const char *name; int count; } files[] = { { "train_32x32.mat", 90 }, { "test_32x32.mat", 40 }, { "extra_32x32.mat", 30 } };
    if (argc != 2) return 2;
    mkdir(argv[1], 0777);
    for (int i = 0; i < 3; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", argv[1], files[i].name);
        if (!write_digits(path, files[i].count, (uint64_t)i, i == 1)) return 1;
    }
    return 0;
}
