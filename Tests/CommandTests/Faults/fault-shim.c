// Preloaded into athena-export by the tests. Counts every call that touches a file below FAULT_ROOT, appends its name to
// FAULT_LOG, and at the call whose number is FAULT_AT does what FAULT_ACTION says:
//
//   kill              ends the process before the call, as a power cut or an out-of-memory kill would
//   term, int, hup    sends the process that signal and continues with the call
//   short             does half of what a read or write was asked for
//   errno=N           fails the call with error number N; close is never interrupted
//
// With FAULT_EVERY=N, every N-th call from that one on is treated the same. CLOCK_OFFSET moves the wall clock by that
// many seconds, CLOCK_JUMP back and forth between that and the truth at each reading. FAULT_THREADS=N refuses every thread
// after the first N, as the system does at a limit of processes.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

enum action { none, shorten, fail };

static atomic_int counter;

static void record(const char *name) {
    const char *log = getenv("FAULT_LOG");
    if (!log) return;
    // Straight to the kernel, so that writing the log is no point itself.
    int file = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    char line[64];
    size_t length = strlen(name);
    memcpy(line, name, length);
    line[length] = '\n';
    syscall(SYS_write, file, line, length + 1);
    syscall(SYS_close, file);
}

// What is to happen to the call that begins here; sets errno if it is to fail.
static enum action point(const char *name) {
    int number = atomic_fetch_add(&counter, 1) + 1;
    record(name);
    const char *at = getenv("FAULT_AT");
    const char *action = getenv("FAULT_ACTION");
    if (!at || !action) return none;
    int first = atoi(at);
    const char *every = getenv("FAULT_EVERY");
    if (number != first && !(every && number > first && (number - first) % atoi(every) == 0)) return none;
    if (!strcmp(action, "kill")) kill(getpid(), SIGKILL);
    if (!strcmp(action, "term")) kill(getpid(), SIGTERM);
    if (!strcmp(action, "int")) kill(getpid(), SIGINT);
    if (!strcmp(action, "hup")) kill(getpid(), SIGHUP);
    if (!strcmp(action, "short")) return shorten;
    if (!strncmp(action, "errno=", 6)) {
        errno = atoi(action + 6);
        return errno == EINTR && !strcmp(name, "close") ? none : fail;
    }
    return none;
}

static int is_below_root(const char *path) {
    const char *root = getenv("FAULT_ROOT");
    return root && path && !strncmp(path, root, strlen(root));
}

static int is_ours(int file) {
    char link[64] = "/proc/self/fd/", path[PATH_MAX];
    char digits[16];
    int length = 0;
    if (file <= 2) return 0;
    do digits[length++] = '0' + file % 10; while (file /= 10);
    char *end = link + strlen(link);
    while (length) *end++ = digits[--length];
    *end = 0;
    ssize_t size = readlink(link, path, sizeof path - 1);
    if (size <= 0) return 0;
    path[size] = 0;
    return is_below_root(path);
}

ssize_t write(int file, const void *bytes, size_t count) {
    switch (is_ours(file) ? point("write") : none) {
    case fail: return -1;
    case shorten: return REAL(write)(file, bytes, count > 1 ? count / 2 : count);
    default: return REAL(write)(file, bytes, count);
    }
}

ssize_t read(int file, void *bytes, size_t count) {
    switch (is_ours(file) ? point("read") : none) {
    case fail: return -1;
    case shorten: return REAL(read)(file, bytes, count > 1 ? count / 2 : count);
    default: return REAL(read)(file, bytes, count);
    }
}

int close(int file) {
    enum action action = is_ours(file) ? point("close") : none;
    int error = errno;
    int result = REAL(close)(file);
    if (action != fail) return result;
    errno = error;
    return -1;
}

int fsync(int file) { return is_ours(file) && point("fsync") == fail ? -1 : REAL(fsync)(file); }

// Returns the error instead of setting it.
int posix_fallocate(int file, off_t offset, off_t length) {
    return is_ours(file) && point("allocate") == fail ? errno : REAL(posix_fallocate)(file, offset, length);
}

int mkdir(const char *path, mode_t mode) {
    return is_below_root(path) && point("mkdir") == fail ? -1 : REAL(mkdir)(path, mode);
}

int linkat(int from, const char *old, int to, const char *new, int flags) {
    return is_below_root(new) && point("link") == fail ? -1 : REAL(linkat)(from, old, to, new, flags);
}

int renameat(int from, const char *old, int to, const char *new) {
    return is_below_root(new) && point("rename") == fail ? -1 : REAL(renameat)(from, old, to, new);
}

int unlinkat(int directory, const char *path, int flags) {
    return is_below_root(path) && point("unlink") == fail ? -1 : REAL(unlinkat)(directory, path, flags);
}

int open(const char *path, int flags, ...) {
    mode_t mode = 0;
    if (flags & O_CREAT) {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    if (is_below_root(path) && point(flags & O_CREAT ? "create" : "open") == fail) return -1;
    return REAL(open)(path, flags, mode);
}

static atomic_int readings;

int clock_gettime(clockid_t clock, struct timespec *time) {
    int result = REAL(clock_gettime)(clock, time);
    const char *offset = getenv("CLOCK_OFFSET"), *jump = getenv("CLOCK_JUMP");
    if (clock != CLOCK_REALTIME || result) return result;
    if (offset) time->tv_sec += atol(offset);
    if (jump && atomic_fetch_add(&readings, 1) % 2) time->tv_sec += atol(jump);
    return result;
}

int pthread_create(pthread_t *id, const pthread_attr_t *attributes, void *(*work)(void *), void *argument) {
    static atomic_int asked;
    const char *most = getenv("FAULT_THREADS");
    if (most && atomic_fetch_add(&asked, 1) >= atoi(most)) return EAGAIN;
    return REAL(pthread_create)(id, attributes, work, argument);
}
