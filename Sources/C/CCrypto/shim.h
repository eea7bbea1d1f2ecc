#ifndef CCRYPTO_SHIM_H
#define CCRYPTO_SHIM_H

#include <openssl/evp.h>
// evp.h alone hides HMAC.
#include <openssl/hmac.h>

#endif
