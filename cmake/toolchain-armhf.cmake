# SPDX-License-Identifier: Apache-2.0
# cmake -DCMAKE_TOOLCHAIN_FILE=cmake/toolchain-armhf.cmake: 32-bit ARM (armv7, hard float), programs run under qemu.
set(triplet arm-linux-gnueabihf)
set(CMAKE_SYSTEM_PROCESSOR armv7l)
set(qemu qemu-arm)
include(${CMAKE_CURRENT_LIST_DIR}/toolchain-debian.cmake)
