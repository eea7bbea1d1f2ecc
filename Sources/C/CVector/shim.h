#ifndef CVECTOR_SHIM_H
#define CVECTOR_SHIM_H

// Instructions that Swift cannot express.

#include <stdint.h>

// Prefetch hint. The address may be invalid; it is never dereferenced.
static inline void cvector_prefetch(const void *address) {
    __builtin_prefetch(address);
}

#if defined(__x86_64__)
#include <emmintrin.h>
#include <stddef.h>
#include <string.h>
#include <wmmintrin.h>

// Backslashes and bytes below 0x20.
static inline __m128i cvector_specials(__m128i bytes) {
    const __m128i largest_control = _mm_set1_epi8(0x1f);
    const __m128i controls = _mm_cmpeq_epi8(_mm_max_epu8(bytes, largest_control), largest_control);
    return _mm_or_si128(controls, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
}

// Four sets of sixteen bits, one for each comparison; the first byte has the lowest bit.
static inline uint64_t cvector_four_sets(__m128i a, __m128i b, __m128i c, __m128i d) {
    return (uint64_t)(uint32_t)_mm_movemask_epi8(a) | (uint64_t)(uint32_t)_mm_movemask_epi8(b) << 16 |
           (uint64_t)(uint32_t)_mm_movemask_epi8(c) << 32 | (uint64_t)(uint32_t)_mm_movemask_epi8(d) << 48;
}

// The next three take and return numbers, no addresses: Swift has checked the bounds of the load. The first of the sixteen
// bytes is in the lowest bits of `low`.

// A bit for each byte that is a quote.
static inline uint64_t cvector_quotes(uint64_t low, uint64_t high) {
    const __m128i bytes = _mm_set_epi64x((long long)high, (long long)low);
    return (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')));
}

// Four sets: quotes; backslashes and bytes below 0x20; commas; bytes above 0x7f.
static inline uint64_t cvector_text_marks(uint64_t low, uint64_t high) {
    const __m128i bytes = _mm_set_epi64x((long long)high, (long long)low);
    return cvector_four_sets(
        _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')), cvector_specials(bytes), _mm_cmpeq_epi8(bytes, _mm_set1_epi8(',')),
        bytes);
}

struct cvector_json_marks {
    // Brackets and braces that open outside of strings in the lower half, those that close in the upper one.
    uint64_t brackets;
    // A bit for each byte that is in a string, opening quotes included.
    uint32_t strings;
    // A bit for each byte that is a backslash or below 0x20, or is outside of strings and gives no structure.
    uint32_t others;
};

// The structure of JSON in sixteen bytes. `begins_in_string`: whether a string is open before the first byte.
static inline struct cvector_json_marks cvector_json_marks(uint64_t low, uint64_t high, _Bool begins_in_string) {
    const __m128i bytes = _mm_set_epi64x((long long)high, (long long)low);
    const __m128i quotes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
    // Each byte becomes the parity of the quotes up to its own.
    __m128i strings = _mm_xor_si128(quotes, _mm_slli_si128(quotes, 1));
    strings = _mm_xor_si128(strings, _mm_slli_si128(strings, 2));
    strings = _mm_xor_si128(strings, _mm_slli_si128(strings, 4));
    strings = _mm_xor_si128(strings, _mm_slli_si128(strings, 8));
    strings = _mm_xor_si128(strings, _mm_set1_epi32(-(int)begins_in_string));
    // Brackets and braces differ in one bit.
    const __m128i braces = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
    const __m128i opening = _mm_cmpeq_epi8(braces, _mm_set1_epi8('{'));
    const __m128i closing = _mm_cmpeq_epi8(braces, _mm_set1_epi8('}'));
    const __m128i points = _mm_or_si128(
        _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(',')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8(':'))),
        _mm_cmpeq_epi8(bytes, _mm_set1_epi8(' ')));
    const __m128i structure = _mm_or_si128(_mm_or_si128(opening, closing), _mm_or_si128(points, quotes));
    const __m128i known = _mm_or_si128(structure, strings);
    const __m128i others = _mm_or_si128(cvector_specials(bytes), _mm_xor_si128(known, _mm_set1_epi8(-1)));
    const __m128i one = _mm_set1_epi8(1);
    const __m128i opened = _mm_sad_epu8(_mm_and_si128(_mm_andnot_si128(strings, opening), one), _mm_setzero_si128());
    const __m128i closed = _mm_sad_epu8(_mm_and_si128(_mm_andnot_si128(strings, closing), one), _mm_setzero_si128());
    const __m128i halves = _mm_or_si128(opened, _mm_slli_epi64(closed, 32));
    const __m128i sums = _mm_add_epi64(halves, _mm_shuffle_epi32(halves, 0x4e));
    struct cvector_json_marks marks = {
        (uint64_t)_mm_cvtsi128_si64(sums), (uint32_t)_mm_movemask_epi8(strings), (uint32_t)_mm_movemask_epi8(others)};
    return marks;
}

struct cvector_csv_marks {
    uint64_t quotes;
    uint64_t others;
};

// Two sets of sixty-four bits: the quotes; and bytes below 0x20 or above 0x7f, commas and backslashes. The first byte has
// the lowest bit. The bytes need not be aligned.
static inline struct cvector_csv_marks cvector_csv_marks(const uint8_t *text) {
    struct cvector_csv_marks marks = {0, 0};
    for (int part = 0; part < 4; part++) {
        const __m128i bytes = _mm_loadu_si128((const __m128i *)text + part);
        const __m128i quotes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
        const __m128i commas = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(','));
        const __m128i others = _mm_or_si128(_mm_or_si128(cvector_specials(bytes), commas), bytes);
        marks.quotes |= (uint64_t)(uint32_t)_mm_movemask_epi8(quotes) << 16 * part;
        marks.others |= (uint64_t)(uint32_t)_mm_movemask_epi8(others) << 16 * part;
    }
    return marks;
}

// Whether this processor has the carry-less multiplication that folding needs.
static inline int cvector_can_fold_crc32(void) {
    return __builtin_cpu_supports("pclmul") != 0;
}

// One folding step: multiplies both halves of `state` by x^distance mod P and adds the next 16 bytes.
__attribute__((target("pclmul"))) static inline __m128i cvector_fold(__m128i state, __m128i next, __m128i powers) {
    const __m128i low = _mm_clmulepi64_si128(state, powers, 0x00);
    const __m128i high = _mm_clmulepi64_si128(state, powers, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

// Folds bytes into sixteen that have the same remainder by the polynomial of gzip's CRC-32, as Gopal and others describe
// it in "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ" (Intel, 2009). The CRC of the bytes is that of
// `folded` with the start value 0: the usual start value, all ones, is already in it.
//
// `count` is a multiple of 64 and not 0; `bytes` need not be aligned. Call it only if `cvector_can_fold_crc32`.
__attribute__((target("pclmul"))) static inline void cvector_fold_crc32(
    const uint8_t *bytes, size_t count, uint8_t folded[16]) {
    // x^(distance + 32) and x^(distance - 32) mod P, distance in bits; the bits are reversed.
    const __m128i by_64_bytes = _mm_set_epi64x(0x01c6e41596, 0x0154442bd4);
    const __m128i by_16_bytes = _mm_set_epi64x(0x00ccaa009e, 0x01751997d0);
    const __m128i *input = (const __m128i *)bytes;
    const __m128i *const end = (const __m128i *)(bytes + count);
    __m128i state[4];
    for (int lane = 0; lane < 4; lane++) state[lane] = _mm_loadu_si128(input + lane);
    state[0] = _mm_xor_si128(state[0], _mm_cvtsi32_si128(-1));
    for (input += 4; input != end; input += 4) {
        for (int lane = 0; lane < 4; lane++) {
            state[lane] = cvector_fold(state[lane], _mm_loadu_si128(input + lane), by_64_bytes);
        }
    }
    for (int lane = 1; lane < 4; lane++) state[lane] = cvector_fold(state[lane - 1], state[lane], by_16_bytes);
    memcpy(folded, &state[3], 16);
}
#endif

#endif
