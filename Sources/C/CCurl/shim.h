#ifndef CCURL_SHIM_H
#define CCURL_SHIM_H

#include <curl/curl.h>
#include <signal.h>
#include <stddef.h>

// Swift cannot call variadic functions, and libcurl sets and reads every option through one.
// Each wrapper fixes the type of the last argument, as curl's own type-checking macros do.

static inline CURLcode ccurl_easy_setopt_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode ccurl_easy_setopt_offset(CURL *handle, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode ccurl_easy_setopt_string(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode ccurl_easy_setopt_pointer(CURL *handle, CURLoption option, void *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode ccurl_easy_setopt_slist(CURL *handle, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(handle, option, value);
}

typedef size_t (*ccurl_write_callback)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode ccurl_easy_setopt_write(CURL *handle, CURLoption option, ccurl_write_callback callback) {
    return curl_easy_setopt(handle, option, callback);
}

// CURLOPT_READFUNCTION takes a function of the same type.

typedef int (*ccurl_seek_callback)(void *context, curl_off_t offset, int origin);

static inline CURLcode ccurl_easy_setopt_seek(CURL *handle, CURLoption option, ccurl_seek_callback callback) {
    return curl_easy_setopt(handle, option, callback);
}

// Macros with casts, which Swift does not import.
static inline size_t ccurl_readfunc_abort(void) { return CURL_READFUNC_ABORT; }

static inline CURLcode ccurl_easy_getinfo_long(CURL *handle, CURLINFO info, long *value) {
    return curl_easy_getinfo(handle, info, value);
}

static inline CURLcode ccurl_easy_getinfo_offset(CURL *handle, CURLINFO info, curl_off_t *value) {
    return curl_easy_getinfo(handle, info, value);
}

static inline CURLcode ccurl_easy_getinfo_pointer(CURL *handle, CURLINFO info, void **value) {
    return curl_easy_getinfo(handle, info, value);
}

static inline CURLMcode ccurl_multi_setopt_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

// Differences between versions of libcurl are hidden here, so that the Swift code sees one.

// Nothing but http and https: by default libcurl opens file:// too.
static inline CURLcode ccurl_easy_allow_http_only(CURL *handle) {
#if LIBCURL_VERSION_NUM >= 0x075500
    return curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    return curl_easy_setopt(handle, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

// Otherwise removing a transfer that still resolves its name waits for getaddrinfo, and all other transfers wait too.
static inline CURLcode ccurl_easy_abandon_resolver(CURL *handle) {
#if LIBCURL_VERSION_NUM >= 0x075700
    return curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);
#else
    (void)handle;
    return CURLE_OK;
#endif
}

// Whether a SOCKS proxy has failed the last transfer because it wants a user and a password, or others.
static inline int ccurl_proxy_wants_credentials(CURL *handle) {
#if LIBCURL_VERSION_NUM >= 0x074900
    long error = 0;
    if (curl_easy_getinfo(handle, CURLINFO_PROXY_ERROR, &error) != CURLE_OK) return 0;
    return error == CURLPX_NO_AUTH || error == CURLPX_USER_REJECTED;
#else
    (void)handle;
    return 0;
#endif
}

// With CURLOPT_NOSIGNAL libcurl does not handle SIGPIPE, and OpenSSL writes to sockets without MSG_NOSIGNAL: a peer that
// closes the connection would end the process. A handler that is already installed stays.
static inline CURLcode ccurl_global_init(void) {
    struct sigaction current;
    if (sigaction(SIGPIPE, NULL, &current) == 0 && current.sa_handler == SIG_DFL) {
        signal(SIGPIPE, SIG_IGN);
    }
    return curl_global_init(CURL_GLOBAL_DEFAULT);
}

#endif
