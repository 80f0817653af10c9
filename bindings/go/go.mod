// SPDX-License-Identifier: Apache-2.0
module libwrn/wrn

go 1.24
