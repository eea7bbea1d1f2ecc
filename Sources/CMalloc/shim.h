#ifndef CMALLOC_SHIM_H
#define CMALLOC_SHIM_H

#include <stdlib.h>

// Swift's Glibc module leaves malloc.h out.
#if defined(__GLIBC__)
#include <malloc.h>

static inline void cmalloc_limit_arenas(int count) {
    mallopt(M_ARENA_MAX, count);
}

static inline void cmalloc_keep_freed(int largest) {
    mallopt(M_MMAP_THRESHOLD, largest);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
}
#else
static inline void cmalloc_limit_arenas(int count) {
    (void)count;
}

static inline void cmalloc_keep_freed(int largest) {
    (void)largest;
}
#endif

#endif
