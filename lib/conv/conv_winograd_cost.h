/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_CONV_WINOGRAD_COST_H
#define WRN_CONV_WINOGRAD_COST_H
/* What Winograd convolutions take and lose, for each form; see struct wrn_conv_impl. A new kind of tile needs its rows in the
 * tables of conv_winograd_cost.c and its transforms' times in struct wrn_costs, which is measured for every kind. */
#include "conv/conv_winograd_cut.h"

struct wrn_cost wrn_winograd_cost(const struct wrn_conv_desc *d, struct wrn_winograd_form form, double packed_bytes);
double wrn_winograd_arithmetic(const struct wrn_conv_desc *d, struct wrn_winograd_form form);
double wrn_winograd_error(const struct wrn_conv_desc *d, struct wrn_winograd_form form);

#endif
