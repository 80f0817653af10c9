/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOL_COMMANDS_H
#define TOOL_COMMANDS_H
/* Each command gets its name and arguments as a program would, and returns the exit status. */
int cmd_classify(int argc, char **argv);
int cmd_eval(int argc, char **argv);
int cmd_infer(int argc, char **argv);
int cmd_convert(int argc, char **argv);
int cmd_info(int argc, char **argv);
int cmd_bench(int argc, char **argv);

#endif
