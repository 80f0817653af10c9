/* SPDX-License-Identifier: Apache-2.0 */
#include "c_array.h"
#include "input_file.h"
#include "output_file.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A compiler takes a quarter of the time for numbers of 8 bytes that it takes for single bytes. The format is little-endian
 * and so are the CPUs that can load it. */
enum { LONGEST_NAME = 200, LINE = 6 * 8 };

bool c_array_name(const char *name, wrn_error *error)
{
    size_t length = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789");
    if (length == 0 || length > LONGEST_NAME || name[length] || (*name >= '0' && *name <= '9'))
        return fail_with(error, WRN_E_ARG, "--c-array: '%s' is no name in C", name);
    return true;
}

static bool write_words(FILE *out, int file, uint64_t size, wrn_error *error)
{
    for (uint64_t at = 0; at < size; at += LINE) {
        uint8_t bytes[LINE] = { 0 };
        size_t count = size - at < LINE ? (size_t)(size - at) : LINE;
        if (!input_read_at(file, bytes, count, at, error)) return false;
        for (size_t i = 0; i < count; i += 8) {
            uint64_t word = 0;
            for (size_t j = 8; j-- > 0;)
                word = word << 8 | bytes[i + j];
            fprintf(out, "0x%" PRIx64 ",", word);
        }
        fputc('\n', out);
    }
    return true;
}

static bool write_source(const char *model, const char *output, const char *name, wrn_error *error)
{
    uint64_t size = 0;
    int file = input_open(model, &size, error);
    if (file < 0) return false;
    FILE *out = output_open(output, error);
    if (!out) {
        close(file);
        return false;
    }
    fprintf(out,
            "/* A .wrn file of %" PRIu64 " bytes, written by wrn convert --c-array. To load it without a copy:\n"
            " *     extern const uint64_t %s[];\n"
            " *     extern const size_t %s_size;\n"
            " *     wrn_load_options options = WRN_LOAD_OPTIONS_INIT;\n"
            " *     options.flags = WRN_LOAD_IN_PLACE;\n"
            " *     wrn_load_memory(%s, %s_size, &options, &network, &error); */\n"
            "#include <stddef.h>\n"
            "#include <stdint.h>\n\n"
            "const size_t %s_size = %" PRIu64 ";\n"
            "_Alignas(64) const uint64_t %s[] = {\n",
            size, name, name, name, name, name, size, name);
    bool done = write_words(out, file, size, error);
    if (done) fputs("};\n", out);
    close(file);
    return output_close(out, output, done, error);
}

/* The library writes files, and renames them when they are whole: one beside the output, so that there is room for it. */
bool c_array_convert(const char *input, const char *output, const wrn_convert_options *options, const char *name,
                     wrn_error *error)
{
    wrn_convert_options to_wrn = *options;
    size_t length = strlen(output);
    char *model = malloc(length + sizeof ".XXXXXX");
    if (!model) return fail_with(error, WRN_E_NOMEM, "no memory for the file's name");
    memcpy(model, output, length);
    memcpy(model + length, ".XXXXXX", sizeof ".XXXXXX");
    bool done = false;
    int file = mkstemp(model);
    if (file < 0) {
        fail_with(error, WRN_E_IO, "'%s': %s", output, system_message());
    } else {
        close(file);
        to_wrn.format = WRN_FORMAT_WRN;
        done = wrn_convert(input, model, &to_wrn, error) == WRN_OK && write_source(model, output, name, error);
        unlink(model);
    }
    free(model);
    return done;
}
