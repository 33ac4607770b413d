/*-------------------------------------------------------------------------
 *
 * prepared.h
 *	  Prepared transactions of this database.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BOOKING_PREPARED_H
#define BOOKING_PREPARED_H

#include "booking.h"

extern bool prepared_exists(void);

#endif							/* BOOKING_PREPARED_H */
