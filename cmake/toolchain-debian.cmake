# SPDX-License-Identifier: Apache-2.0
# Debian's and Ubuntu's cross compiler for ${triplet}, with ${qemu} to run what it makes.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_C_COMPILER ${triplet}-gcc)
set(CMAKE_CXX_COMPILER ${triplet}-g++)
set(CMAKE_FIND_ROOT_PATH /usr/${triplet})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
# Libraries of the target, not those of this machine.
set(ENV{PKG_CONFIG_LIBDIR} /usr/lib/${triplet}/pkgconfig)
find_program(WRN_QEMU NAMES ${qemu}-static ${qemu})
if(WRN_QEMU)
  set(CMAKE_CROSSCOMPILING_EMULATOR ${WRN_QEMU} -L /usr/${triplet})
endif()
