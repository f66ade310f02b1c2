// SPDX-License-Identifier: Apache-2.0
#include "dicom/dictionary.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdict.h>
#include <dcmtk/dcmdata/dcdicent.h>
#include <dcmtk/dcmdata/dcuid.h>

namespace sampan::dicom {

bool has_dictionary() { return dcmDataDict.isDictionaryLoaded(); }

std::string_view vr_of(std::uint32_t tag) {
  const auto group = static_cast<Uint16>(tag >> 16), element = static_cast<Uint16>(tag);
  if (group % 2 != 0) return {};
  const DcmDataDictionary& dictionary = dcmDataDict.rdlock();
  const DcmDictEntry* entry = dictionary.findEntry(DcmTagKey(group, element), nullptr);
  // Names of value representations are constants of DCMTK.
  const std::string_view vr = entry == nullptr ? std::string_view() : std::string_view(DcmVR(entry->getEVR()).getValidVRName());
  dcmDataDict.rdunlock();
  return vr;
}

std::string_view toolkit_version() { return OFFIS_DCMTK_VERSION_STRING; }

}  // namespace sampan::dicom
