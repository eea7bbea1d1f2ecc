#ifndef CMALLOC_SHIM_H
#define CMALLOC_SHIM_H

#include <stdlib.h>

// Swift's Glibc module leaves malloc.h out.
#if defined(__GLIBC__)
#include <malloc.h>

static inline void cmalloc_limit_arenas(int count) {
    mallopt(M_ARENA_MAX, count);
}
#else
static inline void cmalloc_limit_arenas(int count) {
    (void)count;
}
#endif

#endif
