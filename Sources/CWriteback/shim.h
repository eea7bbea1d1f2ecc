#ifndef CWRITEBACK_SHIM_H
#define CWRITEBACK_SHIM_H

#include <stdint.h>

// Has the kernel begin to write a part of a file to its disk, and does not wait until it has: a hint, and nothing where
// there is no such call.
static inline void cwriteback_begin(int file, int64_t offset, int64_t count) {
#if defined(__linux__)
    // Swift's Glibc module does not see this one, which its header keeps for GNU programs.
    extern int sync_file_range(int file, int64_t offset, int64_t count, unsigned int flags);
    const unsigned int begin_write = 2; // SYNC_FILE_RANGE_WRITE
    (void)sync_file_range(file, offset, count, begin_write);
#else
    (void)file;
    (void)offset;
    (void)count;
#endif
}

#endif
