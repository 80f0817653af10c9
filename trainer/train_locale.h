/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_TRAIN_LOCALE_H
#define WRN_TRAIN_LOCALE_H
/* Numbers in files have a point, whatever the host's locale: of the calling thread alone, for as long as a file is written. */
#include <locale.h>

struct wrnt_locale {
    locale_t plain, before;
};

static inline struct wrnt_locale wrnt_locale_begin(void)
{
    struct wrnt_locale l = { .plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0) };
    l.before = uselocale(l.plain); /* where there was no memory for one, this changes nothing */
    return l;
}

static inline void wrnt_locale_end(struct wrnt_locale l)
{
    uselocale(l.before);
    if (l.plain) freelocale(l.plain);
}

#endif
