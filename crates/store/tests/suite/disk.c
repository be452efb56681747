/* A disk for tests, loaded before libc into the process that is tried (LD_PRELOAD).
 *
 * DISK_UNDER  the folder that stands on this disk.
 * DISK_SWITCH a folder of switches: while `full` is there, no write gets room; while `readonly` is there, nothing opens
 *             for writing.
 * DISK_SAFE   a folder that receives, at every fsync, what the file holds at that moment: what is left after a power cut
 *             when everything that was not synced is lost.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static int is_under(const char *path) {
    const char *under = getenv("DISK_UNDER");
    return under && strncmp(path, under, strlen(under)) == 0;
}

static int path_of(int fd, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return is_under(path);
}

static int is_on(const char *name) {
    const char *folder = getenv("DISK_SWITCH");
    char path[PATH_MAX];
    if (!folder) return 0;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return access(path, F_OK) == 0;
}

static int has_room(int fd) {
    char path[PATH_MAX];
    if (!path_of(fd, path) || !is_on("full")) return 1;
    errno = ENOSPC;
    return 0;
}

#define REAL(result, name, ...) \
    static result (*real)(__VA_ARGS__); \
    if (!real) real = (result (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

ssize_t write(int fd, const void *bytes, size_t length) {
    REAL(ssize_t, "write", int, const void *, size_t);
    return has_room(fd) ? real(fd, bytes, length) : -1;
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    REAL(ssize_t, "writev", int, const struct iovec *, int);
    return has_room(fd) ? real(fd, parts, count) : -1;
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) {
    REAL(ssize_t, "pwrite", int, const void *, size_t, off_t);
    return has_room(fd) ? real(fd, bytes, length, at) : -1;
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) {
    REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
    return has_room(fd) ? real(fd, bytes, length, at) : -1;
}

ssize_t copy_file_range(int from, off64_t *from_at, int to, off64_t *to_at, size_t length, unsigned int how) {
    REAL(ssize_t, "copy_file_range", int, off64_t *, int, off64_t *, size_t, unsigned int);
    return has_room(to) ? real(from, from_at, to, to_at, length, how) : -1;
}

static int may_open(const char *path, int how) {
    char whole[PATH_MAX];
    if ((how & O_ACCMODE) == O_RDONLY && !(how & O_CREAT)) return 1;
    if (path[0] != '/' || snprintf(whole, sizeof whole, "%s", path) < 0) return 1;
    if (!is_under(whole) || !is_on("readonly")) return 1;
    errno = EROFS;
    return 0;
}

#define OPEN(name) \
    int name(const char *path, int how, ...) { \
        REAL(int, #name, const char *, int, ...); \
        va_list rest; \
        va_start(rest, how); \
        mode_t mode = va_arg(rest, mode_t); \
        va_end(rest); \
        return may_open(path, how) ? real(path, how, mode) : -1; \
    }
OPEN(open)
OPEN(open64)

int mkdir(const char *path, mode_t mode) {
    REAL(int, "mkdir", const char *, mode_t);
    return may_open(path, O_CREAT) ? real(path, mode) : -1;
}

/* Where the copy of a file stands in DISK_SAFE; false for a file of another disk. */
static int copy_of(const char *path, char *copy) {
    const char *folder = getenv("DISK_SAFE");
    if (!folder || !is_under(path)) return 0;
    int length = snprintf(copy, 2 * PATH_MAX, "%s/", folder);
    snprintf(copy + length, PATH_MAX, "%s", path);
    for (char *at = copy + length; *at; at++) {
        if (*at == '/') *at = '%';
    }
    return 1;
}

int rename(const char *from, const char *to) {
    REAL(int, "rename", const char *, const char *);
    char from_copy[2 * PATH_MAX], to_copy[2 * PATH_MAX];
    int done = real(from, to);
    if (done == 0 && copy_of(from, from_copy) && copy_of(to, to_copy)) real(from_copy, to_copy);
    return done;
}

int unlink(const char *path) {
    REAL(int, "unlink", const char *);
    char copy[2 * PATH_MAX];
    int done = real(path);
    if (done == 0 && copy_of(path, copy)) real(copy);
    return done;
}

static void keep(int fd) {
    REAL(int, "rename", const char *, const char *);
    char path[PATH_MAX], safe[2 * PATH_MAX], coming[2 * PATH_MAX], bytes[65536];
    struct stat what;
    if (!path_of(fd, path) || fstat(fd, &what) || !S_ISREG(what.st_mode) || !copy_of(path, safe)) return;
    /* Beside the copies, so that a process that is killed meanwhile leaves no half of one. */
    snprintf(coming, sizeof coming, "%s.%d", getenv("DISK_SAFE"), fd);
    int to = creat(coming, 0600);
    /* The file may be open for writing only. */
    int from = open(path, O_RDONLY);
    ssize_t got;
    for (off_t at = 0; to >= 0 && (got = pread(from, bytes, sizeof bytes, at)) > 0; at += got) {
        if (write(to, bytes, got) != got) abort();
    }
    close(from);
    if (to >= 0 && !close(to)) real(coming, safe);
}

int fsync(int fd) {
    REAL(int, "fsync", int);
    keep(fd);
    return real(fd);
}

int fdatasync(int fd) {
    REAL(int, "fdatasync", int);
    keep(fd);
    return real(fd);
}
