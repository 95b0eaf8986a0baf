# How a module and a test are declared; compile settings shared by all of them.

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

add_library(therma_settings INTERFACE)
target_compile_options(therma_settings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual
  -Wno-missing-field-initializers  # members have defaults; designated initialisers name the rest
  -ffp-contract=off  # the same bits from every backend: fusing is written out
  $<$<BOOL:${THERMA_WERROR}>:-Werror>)
target_compile_definitions(therma_settings INTERFACE $<$<BOOL:${THERMA_CHECKED}>:THERMA_CHECKED>)
target_include_directories(therma_settings INTERFACE ${CMAKE_SOURCE_DIR})

# therma_module(NAME dynamics SOURCES a.cpp ... USES energy ... [LIBRARIES tbb ...])
# One static library per folder of therma/, linked to exactly what its row of the layer table lists.
function(therma_module)
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;USES;LIBRARIES" ${ARGN})
  add_library(therma_${ARG_NAME} STATIC ${ARG_SOURCES})
  add_library(therma::${ARG_NAME} ALIAS therma_${ARG_NAME})
  list(TRANSFORM ARG_USES PREPEND therma::)
  target_link_libraries(therma_${ARG_NAME} PUBLIC ${ARG_USES} PRIVATE therma_settings ${ARG_LIBRARIES})
  target_include_directories(therma_${ARG_NAME} PUBLIC $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}>)
endfunction()

# therma_test(FILE core/json_test.cpp LABEL unit USES core)
# One executable per test file; the label is a row of the table in CONTRIBUTING.md.
function(therma_test)
  cmake_parse_arguments(ARG "" "FILE;LABEL" "USES" ${ARGN})
  string(REGEX REPLACE "[/.]" "_" name ${ARG_FILE})
  string(REGEX REPLACE "_cpp$" "" name ${name})
  add_executable(${name} ${ARG_FILE})
  list(TRANSFORM ARG_USES PREPEND therma::)
  target_link_libraries(${name} PRIVATE ${ARG_USES} therma_settings GTest::gtest_main rapidcheck)
  target_compile_definitions(${name} PRIVATE THERMA_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  gtest_discover_tests(${name} PROPERTIES LABELS ${ARG_LABEL} DISCOVERY_TIMEOUT 60)
endfunction()
