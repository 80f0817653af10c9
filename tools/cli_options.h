/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOL_CLI_OPTIONS_H
#define TOOL_CLI_OPTIONS_H
/* Command line options, described by a table that is also their help. */
#include <stdbool.h>
#include <stdint.h>

enum option_kind {
    KIND_FLAG,    /* bool */
    KIND_INTEGER, /* int32_t, from min to max */
    KIND_NUMBER,  /* double, from min to max */
    KIND_TEXT,    /* const char * */
    KIND_TEXTS,   /* struct texts: may be given again */
    KIND_WORD,    /* int32_t: the index in `words` */
    KIND_FLOATS,  /* struct floats: 1,2,3 */
    KIND_SIZE,    /* struct size: HxW, or N for NxN */
};

struct texts {
    int32_t count;
    const char *items[64];
};
struct floats {
    int32_t count;
    float values[4];
};
struct size {
    int32_t height, width;
};

struct option {
    const char *name;     /* "threads" is given as --threads, "k" as -k; NULL ends a table */
    const char *argument; /* what stands for the value in the help; NULL: takes none */
    const char *help;
    enum option_kind kind;
    void *value; /* where it goes, holding the default */
    double min, max;
    const char *const *words; /* NULL-terminated */
};

/* Rows of a table. */
#define OPTION_FLAG(name, help, value) { name, NULL, help, KIND_FLAG, value, 0, 0, NULL }
#define OPTION_INTEGER(name, argument, help, value, min, max) { name, argument, help, KIND_INTEGER, value, min, max, NULL }
#define OPTION_NUMBER(name, argument, help, value, min, max) { name, argument, help, KIND_NUMBER, value, min, max, NULL }
#define OPTION_TEXT(name, argument, help, value) { name, argument, help, KIND_TEXT, value, 0, 0, NULL }
#define OPTION_TEXTS(name, argument, help, value) { name, argument, help, KIND_TEXTS, value, 0, 0, NULL }
#define OPTION_WORD(name, argument, help, value, words) { name, argument, help, KIND_WORD, value, 0, 0, words }
#define OPTION_FLOATS(name, argument, help, value) { name, argument, help, KIND_FLOATS, value, 0, 0, NULL }
#define OPTION_SIZE(name, argument, help, value) { name, argument, help, KIND_SIZE, value, 0, 0, NULL }

/* Options behind this row are for few: --help leaves them out, --help-all shows them. */
#define OPTION_REST { "", NULL, NULL, KIND_FLAG, NULL, 0, 0, NULL }

struct usage {
    const char *command;   /* of the program; "": the program has no others */
    const char *arguments; /* "MODEL IMAGE..." */
    const char *text;      /* what the command does */
    int min_arguments, max_arguments;
    const struct option *options;
};

/* Takes the options out of argv (argv[0] is the command's name), which leaves argv[0..*argc-1], the arguments. Options
 * may stand anywhere before `--`. Returns false where there is nothing more to do: after --help and --help-all, *status
 * is 0, or an error. */
bool options_parse(const struct usage *usage, int *argc, char **argv, int *status);

/* One number such as "12" or "1e-4": the whole text must be one. */
bool parse_number(const char *text, double *value);

#endif
