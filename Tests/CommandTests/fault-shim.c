// Preloaded into athena-export by the tests. Counts the calls that change files, logs each, and ends the process with
// SIGKILL before the one whose number is in FAULT_AT, as a power cut or an out-of-memory kill would.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_int counter;

static void point(const char *name) {
    const char *log = getenv("FAULT_LOG");
    const char *at = getenv("FAULT_AT");
    int number = atomic_fetch_add(&counter, 1) + 1;
    if (log) {
        // Straight to the kernel, so that writing the log is no point itself.
        int file = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
        char line[64];
        size_t length = strlen(name);
        memcpy(line, name, length);
        line[length] = '\n';
        syscall(SYS_write, file, line, length + 1);
        syscall(SYS_close, file);
    }
    if (at && atoi(at) == number) kill(getpid(), SIGKILL);
}

static int is_regular(int file) {
    struct stat status;
    return fstat(file, &status) == 0 && S_ISREG(status.st_mode) && file > 2;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int file, const void *bytes, size_t count) {
    if (is_regular(file)) point("write");
    return REAL(write)(file, bytes, count);
}
int fsync(int file) { point("fsync"); return REAL(fsync)(file); }
int mkdir(const char *path, mode_t mode) { point("mkdir"); return REAL(mkdir)(path, mode); }
int linkat(int a, const char *b, int c, const char *d, int e) { point("link"); return REAL(linkat)(a, b, c, d, e); }
int renameat(int a, const char *b, int c, const char *d) { point("rename"); return REAL(renameat)(a, b, c, d); }
int unlinkat(int a, const char *b, int c) { point("unlink"); return REAL(unlinkat)(a, b, c); }

int open(const char *path, int flags, ...) {
    mode_t mode = 0;
    if (flags & O_CREAT) {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
        point("create");
    }
    return REAL(open)(path, flags, mode);
}
