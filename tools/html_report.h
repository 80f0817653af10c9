/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOL_HTML_REPORT_H
#define TOOL_HTML_REPORT_H
/* What wrn classify found, as a page: each picture with its classes as bars. The page needs no other file: it holds the
 * pictures, but for large ones, which it links to where they are. */
#include "report.h"

#include <stdio.h>

void html_begin(FILE *out, const char *model);
void html_image(FILE *out, const char *path, const wrn_prediction *top, int32_t count);
void html_failure(FILE *out, const char *path, const wrn_error *error);
void html_end(FILE *out);

#endif
