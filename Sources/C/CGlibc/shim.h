#ifndef CGLIBC_SHIM_H
#define CGLIBC_SHIM_H

// Functions of the C library that Swift's Glibc module lacks.

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>

#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>

// The number of cores on which this process may run; 0 if the kernel does not say. (sched_getaffinity(2); its glibc
// function is hidden without _GNU_SOURCE.)
static inline int cglibc_cores_of_affinity(void) {
    unsigned long mask[128] = {0};
    long bytes = syscall(SYS_sched_getaffinity, 0, sizeof mask, mask);
    int count = 0;
    for (long word = 0; word < bytes / (long)sizeof *mask; word++) count += __builtin_popcountl(mask[word]);
    return count;
}
#else
static inline int cglibc_cores_of_affinity(void) { return 0; }
#endif

#if defined(__GLIBC__)
#include <malloc.h>

static inline void cglibc_limit_arenas(int count) {
    mallopt(M_ARENA_MAX, count);
}

static inline void cglibc_keep_freed(int largest) {
    mallopt(M_MMAP_THRESHOLD, largest);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
}
#else
static inline void cglibc_limit_arenas(int count) {
    (void)count;
}

static inline void cglibc_keep_freed(int largest) {
    (void)largest;
}
#endif

// Whether this process ignores a signal now. Swift cannot compare SIG_IGN.
static inline int cglibc_signal_is_ignored(int number) {
    struct sigaction current;
    return sigaction(number, NULL, &current) == 0 && current.sa_handler == SIG_IGN;
}

// The number of columns of a terminal; 0 if the terminal does not report it, -1 if the file is no terminal.
static inline int cglibc_terminal_columns(int file) {
    struct winsize size;
    return ioctl(file, TIOCGWINSZ, &size) == 0 ? size.ws_col : -1;
}

// The soft limit of this process for a resource; UINT64_MAX if there is none.
static inline uint64_t cglibc_limit(int resource) {
    struct rlimit limit;
    return getrlimit(resource, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY ? limit.rlim_cur : UINT64_MAX;
}
static inline uint64_t cglibc_limit_of_files(void) { return cglibc_limit(RLIMIT_NOFILE); }
static inline uint64_t cglibc_limit_of_processes(void) { return cglibc_limit(RLIMIT_NPROC); }
static inline uint64_t cglibc_limit_of_address_space(void) { return cglibc_limit(RLIMIT_AS); }
static inline uint64_t cglibc_limit_of_data(void) { return cglibc_limit(RLIMIT_DATA); }

// Raises this process's limit of open files to so many, as far as its hard limit allows.
static inline void cglibc_raise_limit_of_files(uint64_t count) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= count) return;
    limit.rlim_cur = limit.rlim_max < count ? limit.rlim_max : count;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

// Gives threads a stack of so many bytes where they would get a smaller one: their size follows the limit of the main
// thread's stack (glibc), or is fixed and small (musl).
static inline void cglibc_thread_stack_at_least(size_t bytes) {
#if defined(__linux__)
    // Declared in pthread.h for GNU programs only.
    extern int pthread_getattr_default_np(pthread_attr_t *attributes);
    extern int pthread_setattr_default_np(const pthread_attr_t *attributes);
    pthread_attr_t attributes;
    size_t size = 0;
    if (pthread_getattr_default_np(&attributes) != 0) return;
    pthread_attr_getstacksize(&attributes, &size);
    if (size < bytes && pthread_attr_setstacksize(&attributes, bytes) == 0) {
        (void)pthread_setattr_default_np(&attributes);
    }
    pthread_attr_destroy(&attributes);
#else
    (void)bytes;
#endif
}

// Asks the kernel to begin to write a part of a file to its disk. Does not wait: a hint, and nothing where there is no
// such call.
static inline void cglibc_begin_writeback(int file, int64_t offset, int64_t count) {
#if defined(__linux__)
    // Declared in fcntl.h for GNU programs only.
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
