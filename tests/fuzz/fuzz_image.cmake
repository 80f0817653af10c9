# SPDX-License-Identifier: Apache-2.0
if(TARGET wrn_tool)
  list(APPEND libraries wrn_tool)
else()
  foreach(part image image_none input_file report text)
    list(APPEND sources ${PROJECT_SOURCE_DIR}/tools/${part}.c)
  endforeach()
endif()
