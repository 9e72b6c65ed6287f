/* SPDX-License-Identifier: MIT */
/* footprint.h - a process that is one of hundreds has to be small. */
#ifndef HUB_FOOTPRINT_H
#define HUB_FOOTPRINT_H

/* Before any thread, and before anything is asked of SQLite or OpenSSL. */
void footprint_begin(void);

/* The same, once it is known that this process is for one request at a time:
 * no connection to the database has been opened yet. */
void footprint_alone(void);

/* Give back what is free: the start needed more than a stream does. */
void footprint_tidy(void);

#endif
