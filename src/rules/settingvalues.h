/*-------------------------------------------------------------------------
 *
 * settingvalues.h
 *	  Values of settings, as text, as JSON, and as the engine sees them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_SETTINGVALUES_H
#define BOOKING_SETTINGVALUES_H

#include "booking.h"

#include "rules/settings.h"

extern char *setting_to_text(const SettingRow *row, int64 number);
extern bool setting_from_text(const SettingRow *row, const char *text, int64 *number);
extern bool setting_from_json(const SettingRow *row, const JsonbValue *value, int64 *number);
extern char *setting_expectation(const SettingRow *row);

#endif							/* BOOKING_SETTINGVALUES_H */
