// SPDX-License-Identifier: Apache-2.0
// Marks a function whose loops are compiled once per vector width and chosen at load time.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define BROWNOUT_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define BROWNOUT_CLONES
#endif
