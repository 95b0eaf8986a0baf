# What `make install` copies: program, libraries, headers, CMake package, man page, completions.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Therma)
configure_package_config_file(${CMAKE_SOURCE_DIR}/cmake/ThermaConfig.cmake.in
  ${CMAKE_BINARY_DIR}/ThermaConfig.cmake INSTALL_DESTINATION ${package_dir})
# Until 1.0 a minor version may change the interface.
write_basic_package_version_file(${CMAKE_BINARY_DIR}/ThermaConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/ThermaConfig.cmake ${CMAKE_BINARY_DIR}/ThermaConfigVersion.cmake
  DESTINATION ${package_dir})
install(EXPORT Therma NAMESPACE Therma:: DESTINATION ${package_dir} FILE ThermaTargets.cmake)

if(TARGET therma)
  add_dependencies(therma_all therma)
  install(TARGETS therma RUNTIME)
endif()
install(DIRECTORY data/models/tiny DESTINATION ${CMAKE_INSTALL_DATADIR}/therma/models)
install(FILES docs/man/therma.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES tools/completions/therma.bash RENAME therma
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES tools/completions/_therma DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES tools/completions/therma.fish
  DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
