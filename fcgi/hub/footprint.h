/* SPDX-License-Identifier: MIT */
/* footprint.h - a process that is one of hundreds has to be small. */
#ifndef HUB_FOOTPRINT_H
#define HUB_FOOTPRINT_H

/* Call it before any thread starts, and before SQLite or OpenSSL is used. */
void footprint_begin(void);

/* The same, once it is known that this process is for one request at a time:
 * no connection to the database has been opened yet. */
void footprint_alone(void);

/* Give free memory back to the system: the start needs more than a stream. */
void footprint_tidy(void);

#endif
