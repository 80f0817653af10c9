# SPDX-License-Identifier: Apache-2.0
# Flags that every target of the project is built with.
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_EXTENSIONS ON) # POSIX declarations; the public header itself is plain C99
set(CMAKE_C_STANDARD_REQUIRED ON)
if(PROJECT_IS_TOP_LEVEL AND NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

add_library(wrn_flags INTERFACE)
# No contraction: a*b+c rounds alike in every translation unit, so results do not depend on inlining.
target_compile_options(wrn_flags INTERFACE
  $<$<COMPILE_LANGUAGE:C>:-Wall -Wextra -Wshadow -Wstrict-prototypes -Werror=vla -Wno-unused-function -ffp-contract=off -fno-math-errno>)
# No names of this machine's folders in what is built: the same bytes wherever the tree lies.
target_compile_options(wrn_flags INTERFACE -ffile-prefix-map=${PROJECT_SOURCE_DIR}=. -ffile-prefix-map=${PROJECT_BINARY_DIR}=build)
# Files of more than 2 GiB on 32-bit systems.
target_compile_definitions(wrn_flags INTERFACE _FILE_OFFSET_BITS=64)
if(WRN_SANITIZE)
  add_compile_options(-fsanitize=${WRN_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${WRN_SANITIZE})
endif()
