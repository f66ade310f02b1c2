// SPDX-License-Identifier: Apache-2.0
// An order says what moved, what did not, and what to do about it; and so does its exit code.
#include "cli/order_view.h"

#include <doctest/doctest.h>

using namespace sampan;
using namespace sampan::cli;
using control::Lang;

namespace {

control::Ordered some(std::uint64_t moved, std::uint64_t on_hold, std::uint64_t waiting = 0, std::uint64_t delivered = 0, bool later = false) {
  return {moved, 0, 0, on_hold, waiting, delivered, 0, 0, later};
}

}  // namespace

TEST_CASE("a_push_of_an_exam_on_hold_says_that_it_does_not_leave_and_how_to_let_it_go") {
  const auto done = some(0, 4, 0, 0, true);
  CHECK(show_ordered(Order::push, done, "1.2", "expert", Lang::en) ==
        "pushed: 0\n"
        "on hold, they do not leave: 4; see why with sampan trace first; to let them go: sampan resume 1.2 --to expert\n"
        "images of it that are still to come are pushed as well\n");
  CHECK(show_ordered(Order::push, done, "1.2", "", Lang::zh) ==
        "已安排的图像数：0\n"
        "已暂停，不会上传：4；请先用 sampan trace 查看原因；恢复上传：sampan resume 1.2\n"
        "该检查后续到达的图像同样处理\n");
  CHECK(fell_short(Order::push, done));
  CHECK(fell_short(Order::resend, some(3, 1)));
  CHECK_FALSE(fell_short(Order::push, some(4, 0)));
  CHECK(show_ordered(Order::push, done, "P 1", "", Lang::en).find("sampan resume \"P 1\"\n") != std::string::npos);
}

TEST_CASE("what_the_destination_rejected_does_not_leave_by_a_push_and_is_not_said_to_be_nothing") {
  control::Ordered done;
  done.rejected = 2;
  CHECK(show_ordered(Order::push, done, "1.2", "", Lang::en) == "pushed: 0\nrejected by the destination, they do not leave: 2; see why with sampan trace first; to let them go: sampan resume 1.2\n");
  CHECK(fell_short(Order::push, done));
  CHECK(show_ordered(Order::hold, done, "1.2", "", Lang::en) == "put on hold: 0\n");
}

TEST_CASE("a_hold_says_what_had_left_before_and_that_it_binds_what_is_to_come") {
  CHECK(show_ordered(Order::hold, some(3, 2, 0, 5, true), "1.2", "", Lang::en) ==
        "put on hold: 3\n"
        "on hold already: 2\n"
        "delivered already, too late to hold them: 5\n"
        "images of it that are still to come are held as well\n");
  CHECK(fell_short(Order::hold, some(3, 2, 0, 5, true)));
  CHECK_FALSE(fell_short(Order::hold, some(3, 2)));
  CHECK_FALSE(fell_short(Order::hold, some(0, 0)));
}

TEST_CASE("an_order_that_moves_nothing_says_why") {
  CHECK(show_ordered(Order::resume, some(0, 0, 2, 3), "1.2", "", Lang::zh) == "恢复上传的图像数：0\n此前已送达：3\n已在等待上传：2\n");
  CHECK_FALSE(fell_short(Order::resume, some(0, 0, 2, 3)));
  CHECK(show_ordered(Order::resume, some(1, 0, 2, 3), "1.2", "", Lang::en) == "waiting again: 1\n");
  const std::string nowhere = show_ordered(Order::resend, some(0, 0), "1.2", "lead", Lang::en);
  CHECK(nowhere.find("nothing was changed; sampan push with --to") != std::string::npos);
  CHECK(fell_short(Order::resend, some(0, 0)));
  control::Ordered gone;
  gone.deliveries = 1;
  gone.reclaimed = 2;
  gone.damaged = 3;
  CHECK(show_ordered(Order::resend, gone, "1.2", "", Lang::en) ==
        "to be sent again: 1\n"
        "archived and no longer here, so they cannot be sent: 2\n"
        "damaged here, send them again from the modality: 3\n");
  CHECK(fell_short(Order::resend, gone));
}

TEST_CASE("what_matches_no_route_is_not_said_to_wait_and_how_to_send_it_is_said") {
  control::Ordered done;
  done.no_route = 3;
  done.later = true;
  CHECK(show_ordered(Order::push, done, "1.2", "", Lang::en) ==
        "pushed: 0\n"
        "match no route, they do not leave: 3; have an administrator add a route and do sampan reload, or send them now: sampan push 1.2 --to DESTINATION\n");
  CHECK(show_ordered(Order::resume, done, "1.2", "", Lang::zh) ==
        "恢复上传的图像数：0\n"
        "不符合任何路由，不会上传：3；请管理员在 routes 中加入目的地后执行 sampan reload，或直接发往：sampan push 1.2 --to 目的地\n");
  for (const Order order : {Order::push, Order::resume, Order::resend}) CHECK(fell_short(order, done));
  done = some(3, 0, 0, 0, true);
  CHECK(show_ordered(Order::hold, done, "1.2", "", Lang::en) == "put on hold: 3\nimages of it that are still to come are held as well\n");
  control::Ordered nothing;
  nothing.later = true;
  CHECK(show_ordered(Order::push, nothing, "1.2", "", Lang::en).find("still to come") == std::string::npos);
}
