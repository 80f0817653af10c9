/* SPDX-License-Identifier: Apache-2.0 */
/* Allocation through hooks, and the arena. */
#include "test.h"

#include "base/arena.h"
#include "base/checked.h"

/* A host's allocator that counts, and can misbehave. */
struct host {
    int live, calls, fail_at; /* fail_at: the call that returns NULL, from 1 */
    size_t shift;             /* added to what is returned */
};

static void *host_alloc(void *user, size_t size, size_t alignment)
{
    struct host *host = user;
    void *memory;
    assert_true(size > 0);
    if (++host->calls == host->fail_at) return NULL;
    if (posix_memalign(&memory, alignment, size + host->shift) != 0) return NULL;
    host->live++;
    memset(memory, 0xa5, size);
    return (char *)memory + host->shift;
}

static void host_free(void *user, void *memory)
{
    struct host *host = user;
    assert_non_null(memory);
    host->live--;
    free((char *)memory - host->shift);
}

static struct wrn_alloc hooks(struct host *host)
{
    struct wrn_alloc alloc = { host, host_alloc, host_free };
    return alloc;
}

static void allocates_aligned(void **state)
{
    (void)state;
    struct wrn_alloc alloc = wrn_alloc_default();
    for (size_t size = 0; size < 300; size += 7) {
        unsigned char *memory = wrn_mem_zalloc(&alloc, 1, size);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % 64, 0);
        for (size_t i = 0; i < size; i++) assert_int_equal(memory[i], 0);
        memset(memory, 1, size);
        wrn_mem_free(&alloc, memory);
    }
    wrn_mem_free(&alloc, NULL);
}

static void refuses_what_overflows(void **state)
{
    (void)state;
    struct host host = { 0 };
    struct wrn_alloc alloc = hooks(&host);
    assert_null(wrn_mem_alloc(&alloc, SIZE_MAX, 2));
    assert_null(wrn_mem_alloc(&alloc, SIZE_MAX / 2 + 2, 1));
    assert_null(wrn_mem_zalloc(&alloc, (size_t)1 << (sizeof(size_t) * 4), (size_t)1 << (sizeof(size_t) * 4)));
    assert_int_equal(host.calls, 0);
}

static void gives_back_misaligned_memory(void **state)
{
    (void)state;
    struct host host = { .shift = 16 };
    struct wrn_alloc alloc = hooks(&host);
    assert_null(wrn_mem_alloc(&alloc, 100, 1));
    assert_null(wrn_mem_zalloc(&alloc, 100, 1));
    assert_int_equal(host.calls, 2);
    assert_int_equal(host.live, 0);
}

static void arena_is_zeroed_and_aligned(void **state)
{
    (void)state;
    struct host host = { 0 };
    struct wrn_alloc alloc = hooks(&host);
    struct wrn_arena arena;
    unsigned char *kept[400];
    wrn_arena_init(&arena, &alloc);
    for (size_t i = 0; i < 400; i++) {
        size_t size = i * i % 3001;
        kept[i] = wrn_arena_alloc(&arena, 1, size);
        assert_non_null(kept[i]);
        assert_int_equal((uintptr_t)kept[i] % (size >= 256 ? 64 : 16), 0);
        for (size_t j = 0; j < size; j++) assert_int_equal(kept[i][j], 0);
        memset(kept[i], (int)(i & 255), size);
    }
    for (size_t i = 0; i < 400; i++)
        for (size_t j = 0; j < i * i % 3001; j++) assert_int_equal(kept[i][j], i & 255);
    assert_true(host.live > 1 && host.live < 100);
    assert_true(arena.total >= 400 * 1000);
    wrn_arena_free(&arena);
    assert_int_equal(host.live, 0);
    assert_int_equal(arena.total, 0);

    char *text = wrn_arena_string(&arena, "hello, world", 5);
    assert_string_equal(text, "hello");
    assert_string_equal(wrn_arena_string(&arena, NULL, 0), "");
    wrn_arena_free(&arena);
    assert_int_equal(host.live, 0);
}

static void arena_keeps_the_block_that_has_room(void **state)
{
    (void)state;
    struct host host = { 0 };
    struct wrn_alloc alloc = hooks(&host);
    struct wrn_arena arena;
    wrn_arena_init(&arena, &alloc);
    assert_non_null(wrn_arena_alloc(&arena, 10, 1));
    assert_non_null(wrn_arena_alloc(&arena, 1000000, 1));
    assert_non_null(wrn_arena_alloc(&arena, 10, 1));
    assert_int_equal(host.live, 2);
    wrn_arena_free(&arena);
}

/* What an allocation will take is told before; one arena can take over another's. */
static void arena_tells_its_growth(void **state)
{
    (void)state;
    struct host host = { 0 };
    struct wrn_alloc alloc = hooks(&host);
    struct wrn_arena arena, other;
    wrn_arena_init(&arena, &alloc);
    wrn_arena_init(&other, &alloc);
    for (size_t i = 0; i < 300; i++) {
        size_t bytes = i * i * 7 % 40000, before = arena.total, growth = wrn_arena_growth(&arena, bytes);
        assert_non_null(wrn_arena_take(&arena, bytes, 1));
        assert_int_equal(arena.total, before + growth);
    }
    size_t total = arena.total;
    char *text = wrn_arena_string(&other, "kept", 4);
    wrn_arena_join(&other, &arena);
    assert_int_equal(arena.total, 0);
    assert_true(other.total > total);
    wrn_arena_free(&arena);
    assert_string_equal(text, "kept");
    wrn_arena_join(&arena, &other);
    assert_string_equal(text, "kept");
    wrn_arena_free(&arena);
    assert_int_equal(host.live, 0);
}

/* Pages that are not needed go back where the memory is the C library's; what stands beside them stays. */
static void drops_whole_pages(void **state)
{
    (void)state;
    struct host host = { 0 };
    const struct wrn_alloc ours = wrn_alloc_default(), theirs = hooks(&host);
    const size_t size = 1 << 20;
    for (int i = 0; i < 2; i++) {
        const struct wrn_alloc *alloc = i ? &theirs : &ours;
        unsigned char *memory = wrn_mem_alloc(alloc, size, 1);
        memset(memory, 1, size);
        wrn_mem_drop(alloc, memory + 1, 100);
        wrn_mem_drop(alloc, memory + 1000, 0);
        for (size_t k = 0; k < size; k++) assert_int_equal(memory[k], 1);
        wrn_mem_drop(alloc, memory + 1, size - 2);
        assert_true(memory[0] == 1 && memory[size - 1] == 1);
#if defined(__linux__) && !defined(WRN_TEST_EMULATED) /* emulators may keep them */
        assert_int_equal(memory[size / 2], i);
#endif
        wrn_mem_free(alloc, memory);
    }
}

static void arena_fails_cleanly(void **state)
{
    (void)state;
    struct host host = { .fail_at = 2 };
    struct wrn_alloc alloc = hooks(&host);
    struct wrn_arena arena;
    wrn_arena_init(&arena, &alloc);
    assert_null(wrn_arena_alloc(&arena, SIZE_MAX, 1));
    assert_null(wrn_arena_alloc(&arena, SIZE_MAX / 2, 3));
    assert_null(wrn_arena_alloc(&arena, SIZE_MAX / 2 - 10, 1));
    assert_null(wrn_arena_string(&arena, "x", SIZE_MAX));
    assert_int_equal(host.calls, 0);
    assert_non_null(wrn_arena_alloc(&arena, 100, 1));
    assert_null(wrn_arena_alloc(&arena, 100000, 1));
    assert_non_null(wrn_arena_alloc(&arena, 100, 1));
    wrn_arena_free(&arena);
    assert_int_equal(host.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocates_aligned),           cmocka_unit_test(refuses_what_overflows),
        cmocka_unit_test(gives_back_misaligned_memory), cmocka_unit_test(arena_is_zeroed_and_aligned),
        cmocka_unit_test(arena_keeps_the_block_that_has_room), cmocka_unit_test(arena_fails_cleanly),
        cmocka_unit_test(arena_tells_its_growth),      cmocka_unit_test(drops_whole_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
