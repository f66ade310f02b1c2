// SPDX-License-Identifier: Apache-2.0
// Result: a value or an Error, never both and never silently dropped.
//
// Exceptions do not cross a module border; what can fail says so in its return type.
// Fails:  reading the value of a failed Result, or the error of a good one, is a panic.
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "base/panic.h"

namespace sampan {

enum class Errc {
  full,        // no space left for this kind of cargo: the caller refuses politely
  io,          // the operating system failed us: the message names the call and errno
  damaged,     // stored bytes do not verify
  not_found,   // the thing asked for is not here
  refused,     // a peer or a rule said no
  invalid,     // input that breaks its format; the message is for a person
  unreachable, // no connection, or it was cut
  timeout,     // a deadline passed
  limit,       // a named limit was reached
  duplicate,   // it is here already
  stopped      // the node is shutting down
};

struct Error {
  Errc code = Errc::invalid;
  std::string message;  // for a person; never holds patient data
};

struct Unit {};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & { return check(), std::get<0>(state_); }
  const T& value() const& { return check(), std::get<0>(state_); }
  T&& value() && { return check(), std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const {
    SAMPAN_ASSERT(!ok());
    return std::get<1>(state_);
  }

 private:
  void check() const { SAMPAN_ASSERT(ok()); }
  std::variant<T, Error> state_;
};

// Success without a value.
class [[nodiscard]] Status : public Result<Unit> {
 public:
  Status() : Result<Unit>(Unit{}) {}
  Status(Error error) : Result<Unit>(std::move(error)) {}
};

inline Error fail(Errc code, std::string message) { return Error{code, std::move(message)}; }

}  // namespace sampan
