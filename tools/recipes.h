/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOL_RECIPES_H
#define TOOL_RECIPES_H
/* wrn-train's recipes: what options that were not given are. */
#include <wrn_train.h>

enum recipe { RECIPE_PAPER, RECIPE_QUICK, RECIPE_SVHN, RECIPE_IMAGENET };
enum { RECIPE_DROPS = 2 }; /* at most */
extern const char *const recipe_words[]; /* in this order, NULL-terminated */

/* Options are not given that are 0; dropout and schedule, of which 0 means something, that are below 0. `drops` has room for
 * RECIPE_DROPS, and is what the options point to if they had none. */
void recipe_apply(enum recipe recipe, wrn_train_options *options, int32_t *drops);

#endif
