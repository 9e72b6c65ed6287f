/* SPDX-License-Identifier: MIT */
/* name.h - how the names of settings are compared. */
#ifndef CONFIG_NAME_H
#define CONFIG_NAME_H

#include "base/slice.h"

/* The character as names are written in the tables: in upper case, with '_'
 * instead of '-'. */
char config_fold(char c);

/* Is `name`, in any case and with '-' or '_', the name `known`? */
bool config_name_is(struct slice name, const char *known);

#endif
