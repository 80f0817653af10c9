/* SPDX-License-Identifier: Apache-2.0 */
#include "cli_options.h"
#include "report.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool parse_number(const char *text, double *value)
{
    char *end;
    if (text[0] == 0 || isspace((unsigned char)text[0])) return false;
    *value = strtod(text, &end);
    return *end == 0 && isfinite(*value);
}

static bool parse_floats(const char *text, struct floats *floats)
{
    const int32_t most = sizeof floats->values / sizeof floats->values[0];
    floats->count = 0;
    for (;;) {
        char number[64];
        double value;
        size_t length = strcspn(text, ",");
        if (floats->count == most || length >= sizeof number) return false;
        memcpy(number, text, length);
        number[length] = 0;
        if (!parse_number(number, &value)) return false;
        floats->values[floats->count++] = (float)value;
        if (text[length] == 0) return true;
        text += length + 1;
    }
}

static bool parse_side(const char *text, char until, int32_t *side, const char **rest)
{
    char *end;
    if (!isdigit((unsigned char)text[0])) return false;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno || value < 1 || value > 65536 || *end != until) return false;
    *side = (int32_t)value;
    *rest = end;
    return true;
}

static bool parse_size(const char *text, struct size *size)
{
    const char *rest;
    if (parse_side(text, 0, &size->height, &rest)) {
        size->width = size->height;
        return true;
    }
    return parse_side(text, 'x', &size->height, &rest) && parse_side(rest + 1, 0, &size->width, &rest);
}

/* "a, b, c" of an option's words. */
static void join_words(const struct option *option, char *to, size_t room)
{
    size_t used = 0;
    to[0] = 0;
    for (size_t i = 0; option->words[i] && used < room; i++)
        used += (size_t)snprintf(to + used, room - used, "%s%s", i ? ", " : "", option->words[i]);
}

static int complain_about(const struct option *option, const char *text)
{
    const char *dashes = option->name[1] ? "--" : "-";
    char words[128];
    switch (option->kind) {
    case KIND_INTEGER:
        return complain("%s%s: '%s' is not a whole number from %.0f to %.0f", dashes, option->name, text, option->min,
                        option->max);
    case KIND_NUMBER:
        return complain("%s%s: '%s' is not a number from %g to %g", dashes, option->name, text, option->min,
                        option->max);
    case KIND_TEXTS:
        return complain("%s%s: given too often", dashes, option->name);
    case KIND_FLOATS:
        return complain("%s%s: '%s' is not a list of 1 to 4 numbers such as 0.5,0.5,0.5", dashes, option->name, text);
    case KIND_SIZE:
        return complain("%s%s: '%s' is not a size such as 224 or 240x320 (height x width)", dashes, option->name, text);
    case KIND_WORD:
        join_words(option, words, sizeof words);
        return complain("%s%s: '%s' is none of: %s", dashes, option->name, text, words);
    default:
        return complain("%s%s: '%s' is no value for it", dashes, option->name, text);
    }
}

static bool take_value(const struct option *option, const char *text)
{
    double number;
    struct texts *texts = option->value;
    switch (option->kind) {
    case KIND_FLAG:
        *(bool *)option->value = true;
        return true;
    case KIND_TEXT:
        *(const char **)option->value = text;
        return true;
    case KIND_TEXTS:
        if (texts->count == sizeof texts->items / sizeof texts->items[0]) return false;
        texts->items[texts->count++] = text;
        return true;
    case KIND_INTEGER:
        if (!parse_number(text, &number) || number < option->min || number > option->max || number != floor(number))
            return false;
        *(int32_t *)option->value = (int32_t)number;
        return true;
    case KIND_NUMBER:
        if (!parse_number(text, &number) || number < option->min || number > option->max) return false;
        *(double *)option->value = number;
        return true;
    case KIND_WORD:
        for (int32_t i = 0; option->words[i]; i++) {
            if (strcmp(option->words[i], text) != 0) continue;
            *(int32_t *)option->value = i;
            return true;
        }
        return false;
    case KIND_FLOATS:
        return parse_floats(text, option->value);
    case KIND_SIZE:
        return parse_size(text, option->value);
    }
    return false;
}

/* "wrn eval"; a program of one command is that command. */
static const char *invocation(const struct usage *usage, char name[64])
{
    snprintf(name, 64, "%s%s%s", program_name(), usage->command[0] ? " " : "", usage->command);
    return name;
}

static void print_help(const struct usage *usage, bool all)
{
    char name[64];
    printf("%s %s\n%s\n\n", invocation(usage, name), usage->arguments, usage->text);
    for (const struct option *o = usage->options; o->name; o++) {
        if (!o->name[0] && all) continue;
        if (!o->name[0]) {
            printf("  %-20s  %s\n", "--help-all", "the other options too");
            return;
        }
        char given[64];
        snprintf(given, sizeof given, "%s%s%s%s", o->name[1] ? "--" : "-", o->name, o->argument ? " " : "",
                 o->argument ? o->argument : "");
        if (strlen(given) > 20)
            printf("  %s  %s\n", given, o->help);
        else
            printf("  %-20s  %s\n", given, o->help);
    }
}

/* The option that `argument` (without its dashes) names, up to its end or '='; NULL if there is none. */
static const struct option *find(const struct option *options, const char *name, size_t length)
{
    for (; options->name; options++)
        if (strlen(options->name) == length && memcmp(options->name, name, length) == 0) return options;
    return NULL;
}

/* Takes the option at argv[*i], and moves *i to the last argument that it uses. */
static bool take_option(const struct usage *usage, int argc, char **argv, int *i, int *status)
{
    char *argument = argv[*i], *value = NULL;
    bool is_long = argument[1] == '-';
    const struct option *option;
    char name[64];
    *status = 1;

    if (is_long) {
        size_t length = strcspn(argument + 2, "=");
        option = length > 1 ? find(usage->options, argument + 2, length) : NULL;
        if (argument[2 + length]) value = argument + 2 + length + 1;
    } else {
        option = find(usage->options, argument + 1, 1);
        if (argument[2]) value = argument + 2;
    }
    if (!option) {
        complain("unknown option '%s'; see %s --help", argument, invocation(usage, name));
        return false;
    }
    if (!option->argument && value) {
        complain("%s%s takes no value", is_long ? "--" : "-", option->name);
        return false;
    }
    if (option->argument && !value) {
        if (*i + 1 == argc) {
            complain("%s needs a value: %s %s", argument, argument, option->argument);
            return false;
        }
        value = argv[++*i];
    }
    if (take_value(option, value)) return true;
    complain_about(option, value);
    return false;
}

bool options_parse(const struct usage *usage, int *argc, char **argv, int *status)
{
    int count = 0;
    bool only_arguments = false;

    for (int i = 1; i < *argc; i++) {
        bool is_option = argv[i][0] == '-' && argv[i][1] && !only_arguments;
        if (!is_option) {
            argv[count++] = argv[i];
        } else if (strcmp(argv[i], "--") == 0) {
            only_arguments = true;
        } else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help-all") == 0) {
            print_help(usage, strcmp(argv[i], "--help-all") == 0);
            *status = finish_output(0);
            return false;
        } else if (!take_option(usage, *argc, argv, &i, status)) {
            return false;
        }
    }
    *argc = count;
    if (count >= usage->min_arguments && count <= usage->max_arguments) return true;
    char name[64];
    *status = complain("%s %s: too %s arguments; see %s --help", invocation(usage, name), usage->arguments,
                       count < usage->min_arguments ? "few" : "many", name);
    return false;
}
