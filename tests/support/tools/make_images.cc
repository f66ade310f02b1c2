// SPDX-License-Identifier: Apache-2.0
// make_images: writes valid DICOM files with invented content.
//
//   make_images --out DIR --kind mr|ct|dx|big --count N [--seed S] [--name-gb18030] [--rows R --columns C --frames F]
//   make_images --study DIR [--seed S]
//
// One call makes one study with one series, in Explicit VR Little Endian, with fresh UIDs under 2.25; pixels are noise
// on a gradient and repeat with the seed. mr 256 x 256, ct 512 x 512, dx 3000 x 2700, big 512 x 512 with as many frames
// as make 1 GiB (written frame by frame). --study: one patient with a Chinese name, a chest radiograph and 12 CT
// slices. Prints the path of each file.
#include <cmath>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>

#include "support/options.h"
#include "support/part10.h"

using namespace sampan;
using namespace sampan::test;

namespace {

struct Look {
  std::string_view kind, sop_class, modality, body_part, manufacturer, model;
  std::uint16_t rows, columns, bits_stored;
  std::uint32_t frames;
};
constexpr Look looks[] = {
    {"mr", "1.2.840.10008.5.1.4.1.1.4", "MR", "BRAIN", "Sampan Test Works", "Harbour MR 15", 256, 256, 12, 1},
    {"ct", "1.2.840.10008.5.1.4.1.1.2", "CT", "CHEST", "Sampan Test Works", "Harbour CT 16", 512, 512, 12, 1},
    {"dx", "1.2.840.10008.5.1.4.1.1.1.1", "DX", "CHEST", "Sampan Test Works", "Harbour DR 1", 3000, 2700, 14, 1},
    {"big", "1.2.840.10008.5.1.4.1.1.7.3", "OT", "CHEST", "Sampan Test Works", "Harbour Cine", 512, 512, 12, 2048},
};

struct Patient {
  std::string name, id, character_set;
};
// Invented: Chen^Xiaoyu, in the bytes of GB18030.
Patient chinese_patient() { return {"Chen^Xiaoyu=\xb3\xc2^\xcf\xfe\xd3\xea=", "SAMPAN-0001", "GB18030"}; }
Patient plain_patient() { return {"Chen^Xiaoyu", "SAMPAN-0001", "ISO_IR 100"}; }

struct Study {
  Patient patient;
  std::string uid = fresh_uid();
  std::string date, time;
};
struct Series {
  Look look;
  std::string uid = fresh_uid();
  unsigned number = 1;
};

Study new_study(const Patient& patient) {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  char date[16], time[16];
  std::strftime(date, sizeof date, "%Y%m%d", &utc);
  std::strftime(time, sizeof time, "%H%M%S", &utc);
  return {patient, fresh_uid(), date, time};
}

const Look& find_look(const std::string& kind) {
  for (const Look& look : looks)
    if (look.kind == kind) return look;
  Options::usage("--kind is one of mr, ct, dx, big");
}

void put_study(DataSetWriter& out, const Study& study, const Series& series, const std::string& instance) {
  const Look& look = series.look;
  out.text(0x00080005, "CS", study.patient.character_set);
  out.text(0x00080008, "CS", look.kind == "ct" ? "ORIGINAL\\PRIMARY\\AXIAL" : "ORIGINAL\\PRIMARY");
  out.text(0x00080016, "UI", look.sop_class);
  out.text(0x00080018, "UI", instance);
  for (const std::uint32_t tag : {0x00080020u, 0x00080021u, 0x00080022u, 0x00080023u}) out.text(tag, "DA", study.date);
  for (const std::uint32_t tag : {0x00080030u, 0x00080031u, 0x00080032u, 0x00080033u}) out.text(tag, "TM", study.time);
  out.text(0x00080050, "SH", "A" + study.date);
  out.text(0x00080060, "CS", look.modality);
  if (look.kind == "big") out.text(0x00080064, "CS", "WSD");
  if (look.kind == "dx") out.text(0x00080068, "CS", "FOR PRESENTATION");
  out.text(0x00080070, "LO", look.manufacturer);
  out.text(0x00080080, "LO", "Sampan Test Clinic");
  out.text(0x00080090, "PN", "");
  out.text(0x00081010, "SH", "ROOM1");
  out.text(0x00081030, "LO", "Test study");
  out.text(0x00081090, "LO", look.model);
  out.text(0x00100010, "PN", study.patient.name);
  out.text(0x00100020, "LO", study.patient.id);
  out.text(0x00100030, "DA", "19700101");
  out.text(0x00100040, "CS", "O");
}

void put_device(DataSetWriter& out, const Look& look) {
  out.text(0x00180015, "CS", look.body_part);
  if (look.kind == "mr") {
    out.text(0x00180020, "CS", "SE");
    out.text(0x00180021, "CS", "NONE");
    out.text(0x00180022, "CS", "");
    out.text(0x00180023, "CS", "2D");
  }
  if (look.kind == "ct" || look.kind == "mr") out.text(0x00180050, "DS", "5");
  if (look.kind == "ct" || look.kind == "dx") out.text(0x00180060, "DS", "120");
  if (look.kind == "mr") out.text(0x00180087, "DS", "1.5");
  out.text(0x00181000, "LO", "SN-" + std::string(look.kind) + "-0001");
  out.text(0x00181020, "LO", "1.0\\build 7");
  if (look.kind != "dx") return;
  out.text(0x00181164, "DS", "0.14\\0.14");
  out.text(0x00181411, "DS", "1480");
  out.text(0x00181412, "DS", "1500");
  out.text(0x00181413, "DS", "-0.1");
  out.text(0x00185101, "CS", "PA");
  out.text(0x00187000, "CS", "YES");
  out.text(0x00187001, "DS", "31.5");
  out.text(0x00187004, "CS", "DIRECT");
  out.text(0x0018700a, "SH", "DET-0042");
  out.text(0x0018700c, "DA", "20260105");
  out.text(0x00187010, "IS", "1204");
  out.text(0x00187011, "IS", "88211");
}

void put_frame_of_reference(DataSetWriter& out, const Study& study, const Series& series, unsigned number) {
  const Look& look = series.look;
  out.text(0x0020000d, "UI", study.uid);
  out.text(0x0020000e, "UI", series.uid);
  out.text(0x00200010, "SH", "1");
  out.text(0x00200011, "IS", std::to_string(series.number));
  out.text(0x00200013, "IS", std::to_string(number));
  if (look.kind == "dx") {
    out.text(0x00200020, "CS", "L\\F");
    out.text(0x00200062, "CS", "U");
  }
  if (look.kind != "ct" && look.kind != "mr") return;
  out.text(0x00200032, "DS", "-180\\-180\\" + std::to_string(5 * static_cast<int>(number)));
  out.text(0x00200037, "DS", "1\\0\\0\\0\\1\\0");
  out.text(0x00200052, "UI", series.uid + ".1");
  out.text(0x00201040, "LO", "");
}

std::uint64_t pixel_bytes(const Look& look) { return std::uint64_t{2} * look.rows * look.columns * look.frames; }

void put_pixel_description(DataSetWriter& out, const Look& look) {
  out.u16(0x00280002, 1);
  out.text(0x00280004, "CS", "MONOCHROME2");
  if (look.frames > 1) {
    out.text(0x00280008, "IS", std::to_string(look.frames));
    out.header(0x00280009, "AT", 4);
    out.raw(Bytes{0x18, 0x00, 0x63, 0x10});
  }
  out.u16(0x00280010, look.rows);
  out.u16(0x00280011, look.columns);
  if (look.kind != "big") out.text(0x00280030, "DS", "0.7\\0.7");
  out.u16(0x00280100, 16);
  out.u16(0x00280101, look.bits_stored);
  out.u16(0x00280102, static_cast<std::uint16_t>(look.bits_stored - 1));
  out.u16(0x00280103, 0);
  out.text(0x00281050, "DS", std::to_string(1 << (look.bits_stored - 1)));
  out.text(0x00281051, "DS", std::to_string(1 << look.bits_stored));
  out.text(0x00281052, "DS", look.kind == "ct" ? "-1024" : "0");
  out.text(0x00281053, "DS", "1");
  out.text(0x00281054, "LO", look.kind == "ct" ? "HU" : "US");
}

// A dome of light with the noise of a detector: compresses about as real images do.
void fill_frame(std::vector<std::uint16_t>& frame, const Look& look, std::mt19937& chance) {
  const double most = (1 << look.bits_stored) - 1;
  const auto noise_mask = (1u << (look.bits_stored - 7)) - 1;
  std::size_t at = 0;
  for (unsigned row = 0; row < look.rows; ++row) {
    const double y = 2.0 * row / look.rows - 1;
    for (unsigned column = 0; column < look.columns; ++column) {
      const double x = 2.0 * column / look.columns - 1;
      const double light = std::max(0.0, 1 - x * x - y * y) * 0.8 + 0.05;
      frame[at++] = static_cast<std::uint16_t>(light * most + (chance() & noise_mask));
    }
  }
}

void write_image(const std::filesystem::path& directory, const Study& study, const Series& series, unsigned number,
                 std::mt19937& chance) {
  const Look& look = series.look;
  const std::string instance = fresh_uid();
  DataSetWriter out;
  put_study(out, study, series, instance);
  put_device(out, look);
  if (look.frames > 1) out.text(0x00181063, "DS", "40");
  put_frame_of_reference(out, study, series, number);
  put_pixel_description(out, look);
  out.header(0x7fe00010, "OW", static_cast<std::uint32_t>(pixel_bytes(look)));

  char name[64];
  std::snprintf(name, sizeof name, "%s_%05u.dcm", std::string(look.kind).c_str(), number);
  const auto path = directory / name;
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  const auto put = [&file](const void* at, std::size_t bytes) {
    file.write(static_cast<const char*>(at), static_cast<std::streamsize>(bytes));
  };
  const Bytes head = file_head(look.sop_class, instance, explicit_le);
  put(head.data(), head.size());
  put(out.bytes().data(), out.bytes().size());
  std::vector<std::uint16_t> frame(std::size_t{look.rows} * look.columns);
  for (std::uint32_t i = 0; i < look.frames; ++i) {
    fill_frame(frame, look, chance);
    put(frame.data(), frame.size() * 2);
  }
  file.close();
  if (!file) Options::usage("cannot write " + path.string());
  std::cout << path.string() << '\n';
}

void write_series(const std::filesystem::path& directory, const Study& study, const Series& series, std::size_t count,
                  std::mt19937& chance) {
  std::filesystem::create_directories(directory);
  for (unsigned number = 1; number <= count; ++number) write_image(directory, study, series, number, chance);
}

}  // namespace

int main(int count, char** words) {
  const Options options(count, words, {"name-gb18030"},
                        {"out", "study", "kind", "count", "seed", "rows", "columns", "frames"});
  std::mt19937 chance(static_cast<std::uint32_t>(options.number("seed", 1)));
  if (options.has("study")) {
    const Study study = new_study(chinese_patient());
    Look chest = find_look("dx");
    chest.rows = chest.columns = 1024;
    write_series(options.text("study"), study, {chest, fresh_uid(), 1}, 1, chance);
    write_series(options.text("study"), study, {find_look("ct"), fresh_uid(), 2}, 12, chance);
    return 0;
  }
  if (!options.has("out")) Options::usage("--out DIR or --study DIR is needed");
  Look look = find_look(options.text("kind", "mr"));
  look.rows = static_cast<std::uint16_t>(options.number("rows", look.rows));
  look.columns = static_cast<std::uint16_t>(options.number("columns", look.columns));
  look.frames = static_cast<std::uint32_t>(options.number("frames", look.frames));
  if (pixel_bytes(look) == 0 || pixel_bytes(look) >= 0xffffffff) Options::usage("pixel data must fit into 4 GiB");
  const Study study = new_study(options.has("name-gb18030") ? chinese_patient() : plain_patient());
  write_series(options.text("out"), study, {look, fresh_uid(), 1}, options.number("count", 1), chance);
}
