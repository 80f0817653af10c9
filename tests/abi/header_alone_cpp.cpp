/* SPDX-License-Identifier: Apache-2.0 */
/* The C++ header, twice, before any other. */
#include "wrn.hpp"
#include "wrn.hpp"
