// SPDX-License-Identifier: Apache-2.0
// Sanitized: whether an AddressSanitizer or a ThreadSanitizer is built in; GCC and Clang say it in different ways.
//
// Both reserve more memory than any limit allows, make system calls of their own and lock no memory.
// Threads: none; known when it is compiled.
// Fails:   does not.
#pragma once

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SAMPAN_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SAMPAN_SANITIZED 1
#endif
#endif
#ifndef SAMPAN_SANITIZED
#define SAMPAN_SANITIZED 0
#endif
