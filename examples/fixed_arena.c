/* SPDX-License-Identifier: Apache-2.0 */
/* All of the library's memory from one array of fixed size, and none asked for by inference in a session: for systems
 * without a heap, or whose memory must be known beforehand. A run tells how much a model takes.
 *
 *     cc fixed_arena.c -o fixed_arena $(pkg-config --cflags --libs libwrn)
 *     ./fixed_arena model.wrn picture.ppm */
#include <wrn.h>

#include <string.h>

#include "read_ppm.h"

enum { ARENA_BYTES = 64 << 20, CLASSES = 10 };

/* Blocks lie one behind the other; the first free one that is large enough is taken, and what it has too much becomes the
 * next. The library is given one thread, so there is one caller at a time; with more, both hooks would need a lock. */
struct block {
    struct block *next;
    uintptr_t end;
    int taken;
};

struct arena {
    size_t most; /* that was in use at a time, with what lay idle between */
    int closed, refused;
};

static _Alignas(4096) unsigned char memory[ARENA_BYTES];

static void *arena_alloc(void *user, size_t size, size_t alignment)
{
    struct arena *arena = user;
    for (struct block *b = (struct block *)memory; b && !arena->closed && size <= ARENA_BYTES; b = b->next) {
        while (!b->taken && b->next && !b->next->taken) { /* one free block of two */
            b->end = b->next->end;
            b->next = b->next->next;
        }
        uintptr_t at = ((uintptr_t)(b + 1) + sizeof b + alignment - 1) / alignment * alignment;
        uintptr_t rest = (at + size + 63) / 64 * 64;
        if (b->taken || at > b->end || size > b->end - at) continue;
        if (rest + sizeof *b < b->end) {
            *(struct block *)rest = (struct block){ b->next, b->end, 0 };
            b->next = (struct block *)rest;
            b->end = rest;
        }
        b->taken = 1;
        if (b->end - (uintptr_t)memory > arena->most) arena->most = b->end - (uintptr_t)memory;
        memcpy((unsigned char *)at - sizeof b, &b, sizeof b); /* for arena_free */
        return (void *)at;
    }
    arena->refused = 1;
    return NULL;
}

static void arena_free(void *user, void *at)
{
    struct block *b;
    (void)user;
    memcpy(&b, (unsigned char *)at - sizeof b, sizeof b);
    b->taken = 0;
}

static size_t taken_bytes(void)
{
    size_t bytes = 0;
    uintptr_t start = (uintptr_t)memory;
    for (struct block *b = (struct block *)memory; b; start = b->end, b = b->next)
        if (b->taken) bytes += b->end - start;
    return bytes;
}

int main(int argc, char **argv)
{
    static float input[3 * 32 * 32], output[CLASSES];
    struct arena arena = { 0 };
    wrn_load_options options = WRN_LOAD_OPTIONS_INIT;
    wrn_model *model = NULL;
    wrn_session *session = NULL;
    wrn_error error = { 0 };
    struct picture image = read_ppm(argc == 3 ? argv[2] : "usage: fixed_arena MODEL PICTURE.ppm");
    if (!image.pixels) return 1;

    *(struct block *)memory = (struct block){ NULL, (uintptr_t)memory + ARENA_BYTES, 0 };
    options.threads = 1;
    options.pass_batch = 1; /* images worked on at once: a session's memory grows with them */
    options.memory_limit = ARENA_BYTES / 2; /* what stays; a load takes more for a while */
    options.alloc_user = &arena;
    options.alloc = arena_alloc;
    options.free = arena_free;
    int done =
        wrn_load(argv[1], &options, &model, &error) == WRN_OK && wrn_session_create(model, &session, &error) == WRN_OK;
    size_t loading = arena.most, kept = taken_bytes();
    done = done && wrn_preprocess_image(model, image.pixels, image.width, image.height, (ptrdiff_t)image.width * 3,
                                        WRN_PIXELS_RGB, input, sizeof input / sizeof *input, &error) == WRN_OK;
    arena.closed = 1;
    done = done && wrn_session_infer(session, 1, input, sizeof input / sizeof *input, output, CLASSES, &error) == WRN_OK;
    if (done) {
        int best = 0;
        for (int i = 1; i < CLASSES; i++)
            if (output[i] > output[best]) best = i;
        printf("%zu bytes while it loaded, %zu since%s: %s\n", loading, kept,
               arena.refused ? ", and inference asked for more" : "", wrn_model_label(model, best));
    } else {
        fprintf(stderr, "%s\n", error.message);
    }
    wrn_session_free(session);
    wrn_free(model);
    free(image.pixels);
    return !done || taken_bytes() != 0; /* all of it came back */
}
