/* SPDX-License-Identifier: Apache-2.0 */
/* Thread creation that the system refuses, the first, second, … time: fewer lanes, the same results.
 * Linked with --wrap=pthread_create. */
#include "test.h"

#include "base/pool.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *arg);

static int granted;          /* calls that may succeed */
static bool refuse_attributes; /* as when the host's thread-local data do not fit the stack that was asked for */

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *arg)
{
    if (attributes && refuse_attributes) return EINVAL;
    if (granted-- <= 0) return EAGAIN;
    return __real_pthread_create(thread, attributes, start, arg);
}

static void count(void *arg, uint32_t item, uint32_t lane)
{
    (void)lane;
    atomic_fetch_add((atomic_uint *)arg, item + 1);
}

static struct wrn_pool *new_pool(void)
{
    struct wrn_alloc alloc = wrn_alloc_default();
    struct wrn_pool *pool;
    assert_ok(wrn_pool_create(&alloc, 4, NULL, &pool, &test_error));
    return pool;
}

static void check(struct wrn_pool *pool)
{
    atomic_uint sum = 0;
    for (int i = 0; i < 10; i++) wrn_pool_run(pool, 100, count, &sum);
    assert_int_equal(atomic_load(&sum), 50500);
    wrn_pool_free(pool);
}

static void fewer_lanes(void **state)
{
    (void)state;
    for (int threads = 0; threads <= 3; threads++) {
        granted = threads;
        struct wrn_pool *pool = new_pool();
        assert_int_equal(wrn_pool_lanes(pool), threads + 1);
        check(pool);
    }
}

static void stacks_of_the_default_size(void **state)
{
    (void)state;
    granted = 100;
    refuse_attributes = true;
    struct wrn_pool *pool = new_pool();
    refuse_attributes = false;
    assert_int_equal(wrn_pool_lanes(pool), 4);
    check(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(fewer_lanes), cmocka_unit_test(stacks_of_the_default_size) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
