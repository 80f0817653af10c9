/* SPDX-License-Identifier: Apache-2.0 */
/* wrn: classify images with Wide Residual Networks, and what belongs to it. */
#include "commands.h"
#include "report.h"
#include "term.h"

#include <stdio.h>
#include <string.h>

struct command {
    const char *name, *summary;
    int (*run)(int argc, char **argv);
};

static const struct command commands[] = {
    { "classify", "what is in these images?", cmd_classify },
    { "eval", "accuracy and speed on labelled images", cmd_eval },
    { "infer", "run the network on a NumPy array", cmd_infer },
    { "convert", ".onnx to .wrn and back", cmd_convert },
    { "info", "what a model is and how it would be run", cmd_info },
    { "bench", "measure the time that inference takes", cmd_bench },
};

static void print_help(FILE *out)
{
    fputs("wrn COMMAND ...\n\n", out);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        fprintf(out, "  %-10s  %s\n", commands[i].name, commands[i].summary);
    fputs("\n"
          "  wrn COMMAND --help    the arguments and options of a command\n"
          "  wrn --version         the version of the library\n"
          "\n"
          "A MODEL is a .wrn or .onnx file, or the word cifar10: a WRN-16-4 that is part of this program.\n"
          "Try: wrn classify cifar10 examples/images/*.jpg\n",
          out);
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    term_start();
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(commands[i].name, name) == 0) return commands[i].run(argc - 1, argv + 1);
    if (strcmp(name, "--version") == 0) {
        uint32_t version = wrn_version();
        printf("wrn %u.%u.%u\n", version / 10000, version / 100 % 100, version % 100);
        return finish_output(0);
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "--help-all") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        print_help(stdout);
        return finish_output(0);
    }
    if (argc > 1) return complain("'%s' is none of the commands; see wrn --help", name);
    print_help(stderr);
    return 1;
}
