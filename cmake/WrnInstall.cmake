# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` puts where: the libraries, the headers, libwrn.pc and the CMake package wrn. Components: runtime,
# train, dev, tools; WrnPackages.cmake makes Debian packages of them.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/wrn)
file(GLOB headers ${PROJECT_SOURCE_DIR}/include/*.h ${PROJECT_SOURCE_DIR}/include/*.hpp)
if(NOT WRN_TRAINER)
  list(FILTER headers EXCLUDE REGEX "/wrn_train\\.h$")
endif()
install(FILES ${headers} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT dev)
install(TARGETS wrn_shared wrn_static EXPORT wrn
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime NAMELINK_COMPONENT dev
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT dev)

install(EXPORT wrn NAMESPACE wrn:: DESTINATION ${package_dir} FILE wrnTargets.cmake COMPONENT dev)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/wrnConfig.cmake.in ${PROJECT_BINARY_DIR}/wrnConfig.cmake
  INSTALL_DESTINATION ${package_dir})
# Before 1.0 a new minor version may change the interface.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/wrnConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/wrnConfig.cmake ${PROJECT_BINARY_DIR}/wrnConfigVersion.cmake DESTINATION ${package_dir} COMPONENT dev)

# `pkg-config --static` must name what the static library needs; a relative prefix keeps the tree movable.
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}" OR IS_ABSOLUTE "${CMAKE_INSTALL_INCLUDEDIR}")
  set(WRN_PC_PREFIX ${CMAKE_INSTALL_PREFIX})
  set(WRN_PC_LIBDIR ${CMAKE_INSTALL_FULL_LIBDIR})
  set(WRN_PC_INCLUDEDIR ${CMAKE_INSTALL_FULL_INCLUDEDIR})
else()
  file(RELATIVE_PATH WRN_PC_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
  string(REGEX REPLACE "/$" "" WRN_PC_PREFIX "\${pcfiledir}/${WRN_PC_PREFIX}")
  set(WRN_PC_LIBDIR "\${prefix}/${CMAKE_INSTALL_LIBDIR}")
  set(WRN_PC_INCLUDEDIR "\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}")
endif()
set(WRN_PC_REQUIRES_PRIVATE "")
if(WRN_ONNX)
  set(WRN_PC_REQUIRES_PRIVATE "libprotobuf-c >= 1.3")
endif()
set(WRN_PC_LIBS_PRIVATE "-pthread -lm")
if(WRN_OPENBLAS AND CMAKE_DL_LIBS)
  string(APPEND WRN_PC_LIBS_PRIVATE " -l${CMAKE_DL_LIBS}")
endif()
configure_file(${PROJECT_SOURCE_DIR}/pkgconfig/libwrn.pc.in ${PROJECT_BINARY_DIR}/libwrn.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/libwrn.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT dev)
if(WRN_TRAINER)
  configure_file(${PROJECT_SOURCE_DIR}/pkgconfig/libwrn_train.pc.in ${PROJECT_BINARY_DIR}/libwrn_train.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/libwrn_train.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT dev)
endif()
