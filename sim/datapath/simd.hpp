// SPDX-License-Identifier: Apache-2.0
// Attributes of functions that are compiled for more instructions than the rest of the program;
// they are called only where the processor has them.
#pragma once

#define BROWNOUT_AVX2 __attribute__((target("avx2")))
#define BROWNOUT_AVX2_INLINE __attribute__((target("avx2"), always_inline)) inline
// With FMA: where a product is exact anyway, so that the sum is rounded once either way. The
// compiler itself contracts nothing (-ffp-contract=off).
#define BROWNOUT_AVX2_FMA __attribute__((target("avx2,fma")))
#define BROWNOUT_AVX2_FMA_INLINE __attribute__((target("avx2,fma"), always_inline)) inline

#define BROWNOUT_VNNI __attribute__((target("avx512f,avx512vnni")))
#define BROWNOUT_AMX __attribute__((target("amx-tile,amx-int8,avx512f")))
#define BROWNOUT_VNNI_INLINE __attribute__((target("avx512f,avx512vnni"), always_inline)) inline
