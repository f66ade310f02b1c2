// SPDX-License-Identifier: Apache-2.0
// Route: one row of the API's table: method, path, who may call it, and the function that serves it.
//
// A new concern is an interface of its own, a pointer in Handlers, a file of serving functions, and its rows in routes.cc.
// Threads: serving functions run on the HTTP server's thread, those that may take their time on its second one, one after the
//          other. An interface that both are told of (Reporter) is called from both, the others only from the second.
// Fails:   a body that is not one flat JSON object of words, numbers and truths -> 400 before anything is served.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "control/refusal.h"
#include "http/server.h"

namespace sampan::control {

class CustodyDesk;
class ExamDesk;
class KeyDesk;
class Reloader;
class Reporter;
class TelemetryBook;

// What the node lends to the API, an interface for each concern. A node without one answers its routes with 404.
struct Handlers {
  Reporter* reporter = nullptr;
  ExamDesk* exams = nullptr;
  TelemetryBook* telemetry = nullptr;
  Reloader* reloader = nullptr;
  KeyDesk* keys = nullptr;
  CustodyDesk* custody = nullptr;
};

// Who may call a route (DESIGN section 9).
enum class Role { viewer, technician, admin };

// How long an answer may take. Who is answered at once never waits for the disk, for a search or for who has to wait for them.
enum class Pace { at_once, in_turn };

// A request that found its row. Its words come from the query of a GET and from the JSON body of a POST.
struct Call {
  const http::Request& request;
  std::map<std::string, std::string> words;

  std::string word(const std::string& name) const {
    const auto found = words.find(name);
    return found == words.end() ? std::string() : found->second;
  }
  // A truth of the body, or `1` or `true` in the query.
  bool truth(const std::string& name) const { return word(name) == "true" || word(name) == "1"; }
};

struct Route {
  std::string_view method, path;
  Role role;
  Pace pace;
  http::Response (*serve)(const Handlers& handlers, const Call& call);
};

std::span<const Route> route_table();
std::string_view to_string(Role role);

http::Response answer(std::string json);
http::Response refuse(const Refusal& refusal);
// The concern of this route is not in this node.
http::Response absent();

}  // namespace sampan::control
