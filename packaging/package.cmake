# SPDX-License-Identifier: Apache-2.0
# What is installed where, and the Debian package of it. build_deb.sh is the way to it; by hand:
#   cmake --build build/release --target sampand sampan && cpack --config build/release/CPackConfig.cmake
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)  # the package needs the two programs, not the tests
set(doc usr/share/doc/sampan)

install(TARGETS sampand sampan RUNTIME DESTINATION usr/bin)
install(FILES systemd/sampand.service DESTINATION lib/systemd/system)
install(FILES systemd/sysusers.d/sampan.conf DESTINATION usr/lib/sysusers.d)
install(FILES systemd/tmpfiles.d/sampan.conf DESTINATION usr/lib/tmpfiles.d)
install(DIRECTORY DESTINATION etc/sampan/conf.d
        DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE)
install(FILES config/sampan.yaml DESTINATION etc/sampan PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ)
install(FILES README.md DESTINATION ${doc})
install(FILES packaging/debian/copyright DESTINATION ${doc})
install(DIRECTORY config/examples DESTINATION ${doc})

# Compressed as the policy wants it, without a time in it, so that the same tree gives the same package.
find_program(GZIP gzip REQUIRED)
function(install_compressed source name destination)
  set(made ${CMAKE_BINARY_DIR}/packaging/${name}.gz)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
  execute_process(COMMAND ${GZIP} -9nc ${source} OUTPUT_FILE ${made} COMMAND_ERROR_IS_FATAL ANY)
  install(FILES ${made} DESTINATION ${destination})
endfunction()
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/packaging)
install_compressed(${CMAKE_SOURCE_DIR}/packaging/debian/changelog changelog ${doc})
file(GLOB pages CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/packaging/man/*.[158])
foreach(page ${pages})
  get_filename_component(name ${page} NAME)
  string(REGEX MATCH "[158]$" section ${name})
  install_compressed(${page} ${name} usr/share/man/man${section})
endforeach()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME sampan)
set(CPACK_PACKAGE_CONTACT "Sampan maintainers <sampan@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "store-and-forward agent for medical imaging")
set(CPACK_PACKAGE_DESCRIPTION
    "Sampan takes custody of DICOM images beside a clinic's modality, keeps them\nsafe on the local disk, and carries them to the lead hospital over a network\nthat fails every day. What was acknowledged is durable; nothing undelivered is ever\ndropped.")
set(CPACK_PACKAGING_INSTALL_PREFIX /)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/packages)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "systemd")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "ca-certificates")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
foreach(script postinst prerm postrm conffiles)
  list(APPEND CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_SOURCE_DIR}/packaging/debian/${script})
endforeach()
include(CPack)
