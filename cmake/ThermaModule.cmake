# How a module and a test are declared; compile settings shared by all of them.

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

# Warnings are errors with the compiler that CI uses; newer ones warn about other things.
set(werror $<AND:$<BOOL:${THERMA_WERROR}>,$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>)

# Ours alone: linked so that neither the flags nor the target reach whoever links Therma.
add_library(therma_settings INTERFACE)
target_compile_options(therma_settings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual
  -Wno-missing-field-initializers  # designated initialisers leave defaulted members out on purpose
  -Wno-restrict  # GCC 12 reports "literal" + std::string at -O3 (its bug 105651)
  -ffp-contract=off  # the same bits from every backend: fusing is written out
  $<${werror}:-Werror>)
target_compile_definitions(therma_settings INTERFACE $<$<BOOL:${THERMA_CHECKED}>:THERMA_CHECKED>)
target_include_directories(therma_settings INTERFACE ${CMAKE_SOURCE_DIR})

string(REGEX MATCH "x86_64|AMD64" is_x86 ${CMAKE_SYSTEM_PROCESSOR})
set(isas aesni vaes avx2 avx512 amx)
set(aesni_options -msse4.1 -maes)
set(vaes_options -mavx2 -mbmi2 -mpopcnt -maes -mvaes)
set(avx2_options -mavx2 -mfma -mf16c)
# GCC 12 warns about its own headers: bug 105593.
set(avx512_options -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512vnni -mavx512bf16 -mfma -mf16c
  -Wno-uninitialized -Wno-maybe-uninitialized)
set(amx_options ${avx512_options} -mamx-tile -mamx-int8 -mamx-bf16)

# Everything that `make install` copies, and the tests by label.
add_custom_target(therma_all)

# therma_module(NAME dynamics SOURCES a.cpp ... USES energy ... [LIBRARIES tbb ...])
# One static library per folder of therma/, linked to exactly what its row of the layer table lists.
# `make lint` compiles every header alone. All but the doors (cli) are installed, headers included.
# A source named *_<isa>.cpp is compiled for that instruction set, left out on other processors'
# families, and reached only after a check of the processor.
function(therma_module)
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;USES;LIBRARIES" ${ARGN})
  foreach(isa IN LISTS isas)
    set(special ${ARG_SOURCES})
    list(FILTER special INCLUDE REGEX "_${isa}\\.cpp$")
    if(is_x86)
      set_source_files_properties(${special} PROPERTIES COMPILE_OPTIONS "${${isa}_options}")
    elseif(special)
      list(REMOVE_ITEM ARG_SOURCES ${special})
    endif()
  endforeach()
  add_library(therma_${ARG_NAME} STATIC ${ARG_SOURCES})
  add_library(therma::${ARG_NAME} ALIAS therma_${ARG_NAME})
  list(TRANSFORM ARG_USES PREPEND therma::)
  target_link_libraries(therma_${ARG_NAME} PUBLIC ${ARG_USES}
    PRIVATE $<BUILD_INTERFACE:therma_settings> ${ARG_LIBRARIES})
  target_compile_features(therma_${ARG_NAME} PUBLIC cxx_std_20)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.hpp)
  target_sources(therma_${ARG_NAME} PUBLIC
    FILE_SET HEADERS BASE_DIRS ${CMAKE_SOURCE_DIR} FILES ${headers})
  set_target_properties(therma_${ARG_NAME} PROPERTIES
    EXPORT_NAME ${ARG_NAME} VERIFY_INTERFACE_HEADER_SETS ON)
  if(NOT ARG_NAME STREQUAL "cli")
    install(TARGETS therma_${ARG_NAME} EXPORT Therma ARCHIVE FILE_SET HEADERS)
    add_dependencies(therma_all therma_${ARG_NAME})
  endif()
endfunction()

# therma_test(FILE random_test.cpp LABEL exact USES core)
# One executable per test file, named after its place; a label is a row of the table in
# CONTRIBUTING.md, and tests_<label> builds all executables that carry it.
function(therma_test)
  cmake_parse_arguments(ARG "" "FILE;LABEL" "USES" ${ARGN})
  file(RELATIVE_PATH name ${CMAKE_SOURCE_DIR}/tests ${CMAKE_CURRENT_SOURCE_DIR}/${ARG_FILE})
  string(REGEX REPLACE "\\.cpp$" "" name ${name})
  string(REPLACE "/" "_" name ${name})
  add_executable(${name} ${ARG_FILE})
  list(TRANSFORM ARG_USES PREPEND therma::)
  target_link_libraries(${name} PRIVATE ${ARG_USES} therma_settings GTest::gtest_main rapidcheck)
  target_compile_definitions(${name} PRIVATE THERMA_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  set(limit_s 300)
  if(ARG_LABEL STREQUAL "slow")
    set(limit_s 3600)
  endif()
  gtest_discover_tests(${name} TEST_PREFIX ${name}. DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${limit_s}
      ENVIRONMENT RC_PARAMS=seed=2026)  # properties see the same values every time
  if(NOT TARGET tests_${ARG_LABEL})
    add_custom_target(tests_${ARG_LABEL})
  endif()
  add_dependencies(tests_${ARG_LABEL} ${name})
endfunction()
