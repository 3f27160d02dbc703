/* SPDX-License-Identifier: MIT
 * Which addresses may be asked, and where credentials may go.
 */
#ifndef CLI_NET_ADDRESS_H
#define CLI_NET_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

/* NULL when `url` may be asked, else a reason. With `from`, it is where a redirect of that address leads: only https,
 * or http to the very same host where http is allowed, and not from outside into this machine or its network. */
const char *address_refused(const char *url, const char *from, bool allow_http);

/* The same scheme, host and port. */
bool same_origin(const char *one, const char *other);

/* Credentials are sent to no origin but that of the source, encrypted or within this machine. */
bool may_have_token(const char *url, const char *source);

/* It stays within this machine. */
bool address_is_local(const char *url);

/* "host:port" for messages and logs. */
void address_host(const char *url, char *host, size_t capacity, unsigned *port);

#endif
