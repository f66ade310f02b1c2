// SPDX-License-Identifier: Apache-2.0
#include "settings/check.h"

#include "settings/check_addresses.h"
#include "settings/check_last_hop.h"

#include <initializer_list>
#include <algorithm>
#include <map>
#include <vector>

namespace sampan::settings {
namespace {

std::string element(std::string_view list, std::size_t index) {
  return std::string(list) + "[" + std::to_string(index) + "]";
}

void check_titles(const Intake& intake, const Complain& complain) {
  std::map<std::string, std::size_t> seen;
  for (std::size_t i = 0; i < intake.ae_titles.size(); ++i) {
    const std::string& title = intake.ae_titles[i].title;
    if (!title.empty() && !seen.emplace(title, i).second)
      complain(element("intake.ae_titles", i), {"AE title \"" + title + "\" is listed twice, expected once", "AE 标题“" + title + "”列了两次，应只列一次"});
  }
}

void check_callers(const Intake& intake, const Given& given, const Complain& complain) {
  for (std::size_t i = 0; i < intake.callers.size(); ++i) {
    const std::string path = element("intake.callers", i);
    if (!given(path + ".ae_title") && !given(path + ".address"))
      complain(path, {"a caller without ae_title and address, expected one of them or both", "发送设备缺少 ae_title 和 address，应至少填一项"});
  }
}

void check_reports(const Intake& intake, const Complain& complain) {
  std::map<std::string, std::size_t> seen;
  for (std::size_t i = 0; i < intake.report_to.size(); ++i) {
    const std::string& title = intake.report_to[i].ae_title;
    if (!title.empty() && !seen.emplace(title, i).second)
      complain(element("intake.report_to", i), {"AE title \"" + title + "\" is listed twice, expected one address for it",
                                                "AE 标题“" + title + "”列了两次，应只有一个地址"});
  }
}

void check_limits(const Intake& intake, const Given& given, const Complain& complain) {
  if (intake.associations_per_host_max <= intake.associations_max) return;
  const char* own = "intake.associations_per_host_max";
  const std::string own_max = std::to_string(intake.associations_per_host_max);
  const std::string all_max = std::to_string(intake.associations_max);
  complain(given(own) ? own : "intake.associations_max",
           {"intake.associations_per_host_max is " + own_max + ", expected at most intake.associations_max, which is " + all_max,
            "intake.associations_per_host_max 是 " + own_max + "，不应超过 intake.associations_max，后者是 " + all_max});
}

bool is_inside(const std::string& path, const std::string& folder) {
  return path == folder || path.starts_with(folder.ends_with('/') ? folder : folder + "/");
}

bool overlap(const std::string& a, const std::string& b) {
  return !a.empty() && !b.empty() && (is_inside(a, b) || is_inside(b, a));
}

bool takes(const Destination& destination, Cargo cargo) {
  return std::ranges::find(destination.takes, cargo) != destination.takes.end();
}

// The names below path that the file gives, of those asked for.
std::vector<std::string> given_of(std::initializer_list<const char*> names, const std::string& path, const Given& given) {
  std::vector<std::string> found;
  for (const char* name : names)
    if (given(path + "." + name)) found.emplace_back(name);
  return found;
}

Words either(const std::string& en, const std::string& zh, const std::vector<std::string>& given) {
  return {en + " with both " + given[0] + " and " + given[1] + ", expected one of them",
          zh + "同时有 " + given[0] + " 和 " + given[1] + "，应只填其一"};
}

void check_courier(const std::string& path, const Given& given, const Complain& complain) {
  const auto couriers = given_of({"dimse", "stow", "folder", "http"}, path, given);
  if (couriers.empty())
    complain(path, {"a destination without an address, expected dimse, stow, folder or http", "目的地缺少地址，应填 dimse、stow、folder 或 http"});
  if (couriers.size() > 1)
    complain(path + "." + couriers[1], either("a destination", "目的地", couriers));
}

void check_http(const Destination& destination, const std::string& path, const Given& given, const Complain& complain) {
  for (const auto& name : given_of({"tls", "auth", "proxy"}, path, given))
    if (!given(path + ".stow") && !given(path + ".http"))
      complain(path + "." + name, {name + " without stow or http, expected it for a destination over HTTP only",
                                   "没有 stow 或 http 却有 " + name + "，它只用于 HTTP 类目的地"});
  const std::string& url = destination.stow.empty() ? destination.http : destination.stow;
  const bool secure = url.starts_with("https:") || destination.auth.oauth2.token_url.starts_with("https:");
  if (given(path + ".tls") && !url.empty() && !secure)
    complain(path + ".tls", {"tls with an address of http, expected one of https", "有 tls 而地址是 http，应为 https"});
  if (given(path + ".tls.key") && !given(path + ".tls.certificate"))
    complain(path + ".tls.key", {"a key without a certificate, expected both", "有 key 而没有 certificate，应同时填写"});
  const auto ways = given_of({"bearer_file", "basic", "oauth2"}, path + ".auth", given);
  if (ways.size() > 1)
    complain(path + ".auth." + ways[1], either("auth", "auth ", ways));
  const auto proxy = given_of({"user", "password_file"}, path + ".proxy", given);
  if (proxy.size() == 1) complain(path + ".proxy." + proxy[0], {proxy[0] + " alone, expected user and password_file",
                                           "只有 " + proxy[0] + "，应同时填写 user 和 password_file"});
}

// Copies that go without proof go after a time that a person chose.
void check_trust(const Destination& destination, const std::string& path, const Given& given, const Complain& complain) {
  if (destination.reclaim_after == ReclaimAfter::accepted && !given(path + ".retention_days"))
    complain(path + ".reclaim_after", {"reclaim_after: accepted without retention_days, expected the days that the copy stays here",
                                       "有 reclaim_after: accepted 而没有 retention_days，应填写本地副本保留的天数"});
}

// A folder alone can hold a plain file; telemetry goes into a folder or over HTTP.
void check_takes(const Destination& destination, const std::string& path, const Given& given, const Complain& complain) {
  if (given(path + ".takes") && destination.takes.empty())
    complain(path + ".takes", {"a destination that takes nothing, expected images, files or telemetry",
                               "目的地不接收任何内容，应为 images、files 或 telemetry"});
  for (std::size_t i = 0; i < destination.takes.size(); ++i) {
    const std::string here = element(path + ".takes", i);
    const Cargo cargo = destination.takes[i];
    if (!destination.http.empty() && cargo != Cargo::telemetry)
      complain(here, {"an http destination takes telemetry only", "http 类目的地只接收 telemetry"});
    else if (destination.folder.empty() && destination.http.empty() && cargo != Cargo::images)
      complain(here, {"this destination can take images only, expected folder for files, folder or http for telemetry",
                      "该目的地只能接收图像；文件应送往目录，telemetry 应送往目录或 http"});
  }
}

void check_fallbacks(const Settings& settings, const Complain& complain) {
  const auto& known = settings.destinations;
  for (std::size_t i = 0; i < known.size(); ++i) {
    const std::string& to = known[i].fallback.to;
    const std::string path = element("destinations", i) + ".fallback.to";
    if (to.empty()) continue;
    if (to == known[i].name)
      complain(path, {"a destination that is its own fallback, expected another one", "目的地不能作为自己的替代去向"});
    else if (std::ranges::find(known, to, &Destination::name) == known.end())
      complain(path, {"there is no destination \"" + to + "\", expected the name of one", "没有目的地“" + to + "”，应为一个目的地的名称"});
  }
}

void check_routes(const Settings& settings, const Complain& complain) {
  const auto& known = settings.destinations;
  for (std::size_t i = 0; i < settings.routes.size(); ++i) {
    const RouteRule& rule = settings.routes[i];
    const std::string path = element("routes", i);
    if (rule.to.empty() && !rule.priority) complain(path, {"a rule without effect, expected to or priority", "规则没有作用，应填 to 或 priority"});
    for (std::size_t j = 0; j < rule.to.size(); ++j) {
      std::string names;
      for (const Destination& one : known) names += (names.empty() ? "" : ", ") + one.name;
      if (!rule.to[j].empty() && std::ranges::find(known, rule.to[j], &Destination::name) == known.end())
        complain(element(path + ".to", j), {"there is no destination \"" + rule.to[j] + "\", expected one of " + names,
                                            "没有目的地“" + rule.to[j] + "”，应为其中之一：" + names});
    }
  }
}

void check_carry(const Settings& settings, const Complain& complain) {
  const bool any_goes = std::any_of(settings.destinations.begin(), settings.destinations.end(), [](const Destination& d) {
    return !d.folder.empty() && (d.takes.empty() || takes(d, Cargo::files));
  });
  for (std::size_t i = 0; i < settings.intake.folders.size(); ++i)
    if (settings.intake.folders[i].carry_any && !any_goes)
      complain(element("intake.folders", i) + ".carry",
               {"carry is any, but no destination takes such files; expected a folder among the destinations",
                "carry 是 any，但没有目的地接收此类文件；目的地中应有一个目录"});
}

// What lies in a folder of the intake is taken and removed: nothing of ours may be there.
void check_intake_folder(const Settings& settings, std::size_t index, const Complain& complain) {
  const auto& folders = settings.intake.folders;
  const std::string& own = folders[index].path;
  const std::string path = element("intake.folders", index) + ".path";
  if (overlap(own, settings.state_directory))
    complain(path, {"the folder overlaps state_directory, expected a folder apart from it", "该目录与 state_directory 重叠，应彼此分开"});
  for (const Destination& destination : settings.destinations)
    if (overlap(own, destination.folder))
      complain(path, {"the folder overlaps that of destination \"" + destination.name + "\", expected folders apart",
                      "该目录与目的地“" + destination.name + "”的目录重叠，应彼此分开"});
  for (std::size_t i = 0; i < index; ++i)
    if (overlap(own, folders[i].path))
      complain(path, {"the folder overlaps " + element("intake.folders", i) + ", expected folders apart",
                      "该目录与 " + element("intake.folders", i) + " 重叠，应彼此分开"});
}

// Images that are owed to it would never leave.
void check_windows(const Destination& destination, const std::string& path, const Given& given, const Complain& complain) {
  const auto& windows = destination.windows;
  if (given(path + ".windows") && windows.empty())
    complain(path + ".windows", {"windows without any, expected at least one", "windows 是空的，应至少有一个时段"});
  else if (!windows.empty() && std::ranges::all_of(windows, &Window::only_emergencies))
    complain(path + ".windows", {"windows for emergencies only, so that nothing else would ever leave; expected one without only",
                                 "所有时段都只上传急诊，其余图像将永远无法上传；应有一个不含 only 的时段"});
}

void check_destinations(const Settings& settings, const Given& given, const Complain& complain) {
  std::map<std::string, std::size_t> seen;
  for (std::size_t i = 0; i < settings.destinations.size(); ++i) {
    const Destination& destination = settings.destinations[i];
    const std::string path = element("destinations", i);
    if (!destination.name.empty() && !seen.emplace(destination.name, i).second)
      complain(path + ".name", {"destination \"" + destination.name + "\" is named twice, expected a name of its own",
                                "目的地“" + destination.name + "”重名，应各有自己的名称"});
    check_courier(path, given, complain);
    check_http(destination, path, given, complain);
    check_takes(destination, path, given, complain);
    check_last_hop(destination, path, given, complain);
    check_addresses(settings, destination, path, complain);
    check_trust(destination, path, given, complain);
    check_windows(destination, path, given, complain);
  }
}

}  // namespace

void check_folders(const Settings& settings, const Complain& complain) {
  for (std::size_t i = 0; i < settings.intake.folders.size(); ++i) check_intake_folder(settings, i, complain);
  // A folder destination inside the state directory would be taken for foreign files, or be the spool itself.
  for (std::size_t i = 0; i < settings.destinations.size(); ++i)
    if (const std::string& own = settings.destinations[i].folder; !own.empty() && is_inside(own, settings.state_directory))
      complain(element("destinations", i) + ".folder",
               {"folder lies inside state_directory, expected a folder outside of it", "目录在 state_directory 之内，应在其外"});
}

void check(const Settings& settings, const Given& given, const Complain& complain) {
  check_titles(settings.intake, complain);
  check_callers(settings.intake, given, complain);
  check_reports(settings.intake, complain);
  check_limits(settings.intake, given, complain);
  check_folders(settings, complain);
  check_carry(settings, complain);
  check_destinations(settings, given, complain);
  check_fallbacks(settings, complain);
  check_routes(settings, complain);
}

void complete(Settings& settings) {
  if (settings.intake.ae_titles.empty()) settings.intake.ae_titles.push_back({settings.ae_title, {}});
  for (IntakeFolder& folder : settings.intake.folders)
    if (folder.ae_title.empty()) folder.ae_title = settings.ae_title;
  for (Destination& destination : settings.destinations)
    if (destination.calling_ae.empty()) destination.calling_ae = settings.ae_title;
}

}  // namespace sampan::settings
