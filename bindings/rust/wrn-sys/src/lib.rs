// SPDX-License-Identifier: Apache-2.0
//! Raw bindings to libwrn, generated from `include/wrn.h` by `regenerate.sh`. The header is the manual; the crate `wrn` is
//! the safe way to use it.
#![no_std]
#![allow(non_camel_case_types, non_upper_case_globals, missing_docs)]

include!("bindings.rs");
