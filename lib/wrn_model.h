/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_MODEL_H
#define WRN_MODEL_H
/* What stands behind the public handles. */
#include "exec/session.h"

#include <pthread.h>
#include <stdatomic.h>

#define WRN_MODEL_MAGIC 0x4d4e5257u   /* "WRNM"; cleared when the model is freed */
#define WRN_SESSION_MAGIC 0x534e5257u /* "WRNS" */

struct wrn_session {
    uint32_t magic;
    atomic_flag busy;
    wrn_model *model;          /* counted; NULL in the sessions that the model keeps for wrn_infer */
    struct wrn_exec exec;
    struct wrn_session *next;  /* in the model's list */
};

struct wrn_model {
    uint32_t magic;
    atomic_int owners;
    struct wrn_alloc alloc;
    struct wrn_arena arena;    /* labels, properties */
    struct wrn_plan *plan;
    struct wrn_blob file;      /* that the plan uses packed weights of */
    struct wrn_pool *pool;
    void *cancel_user;
    int32_t (*cancel)(void *user);

    const char **labels;       /* one per output of a classifier: the file's, or the class's number */
    int32_t label_count;       /* labels that the file has */
    struct wrn_property *properties;
    int32_t property_count;
    bool has_preprocess, has_golden;
    wrn_preprocess preprocess;
    int32_t channels, height, width; /* of the input */
    size_t bytes;              /* held by the model */

    pthread_mutex_t lock;      /* of idle */
    struct wrn_session *idle;  /* sessions of wrn_infer that nobody uses right now */
};

/* Whether a caller's array can be read as floats. */
static inline bool wrn_aligned(const float *p) { return (uintptr_t)p % _Alignof(float) == 0; }

/* Fails with WRN_E_ARG for NULL and for what is no (longer a) model. */
wrn_status wrn_model_check(const wrn_model *model, wrn_error *error);

/* Makes a session that does not count as an owner of the model. */
wrn_status wrn_session_make(wrn_model *model, struct wrn_session **session, wrn_error *error);
size_t wrn_session_bytes(const wrn_model *model); /* what that allocates */
void wrn_session_destroy(wrn_model *model, struct wrn_session *session); /* NULL allowed */

#endif
