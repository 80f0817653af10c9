/* SPDX-License-Identifier: Apache-2.0 */
/* A program outside the project's tree that uses the trainer and, beside it, the library. */
#include <stdio.h>
#include <wrn_train.h>

int main(void)
{
    wrn_train_network network = { 0 };
    wrn_error error = { 0 };
    uint64_t parameters = 0;
    network.depth = 16;
    network.k = 2;
    wrn_status status = wrn_train_parameters(&network, 10, &parameters, &error);
    printf("library %u, WRN-16-2: %llu parameters %s\n", (unsigned)wrn_version(), (unsigned long long)parameters, error.message);
    return status != WRN_OK || parameters < 600000 || parameters > 800000;
}
