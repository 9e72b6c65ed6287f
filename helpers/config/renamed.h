/* SPDX-License-Identifier: MIT */
/* renamed.h - names that settings and their values had before. */
#ifndef CONFIG_RENAMED_H
#define CONFIG_RENAMED_H

#include "base/slice.h"

/* The present name of the setting that was once called `name`, in any case
 * and with '-' or '_'; NULL: no setting had this name. */
const char *config_new_name(struct slice name);

/* The present word for `value` (in any case), a former value of the setting
 * with the canonical name `setting`; NULL: it never had this value. */
const char *config_new_value(const char *setting, struct slice value);

#endif
