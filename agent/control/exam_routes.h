// SPDX-License-Identifier: Apache-2.0
// Exam routes: an exam's story, the exams of today, and what a person orders.
#pragma once

#include "control/route.h"

namespace sampan::control {

http::Response serve_trace(const Handlers& handlers, const Call& call);
http::Response serve_today(const Handlers& handlers, const Call& call);
http::Response serve_hold(const Handlers& handlers, const Call& call);
http::Response serve_resume(const Handlers& handlers, const Call& call);
http::Response serve_resend(const Handlers& handlers, const Call& call);
http::Response serve_push(const Handlers& handlers, const Call& call);

}  // namespace sampan::control
