/* ---- payments ---- */

CREATE FUNCTION booking.record_payment(
	booking uuid,
	amount numeric,
	provider text,
	reference text,
	currency text DEFAULT NULL,
	lock_wait boolean DEFAULT true,
	idempotency_key text DEFAULT NULL,
	tenant uuid DEFAULT NULL,
	OUT booking_id uuid, OUT status text, OUT version integer,
	OUT undo_token text, OUT effects text[], OUT updated_at timestamptz,
	OUT paid numeric, OUT due numeric, OUT outcome text, OUT repeated boolean)
	RETURNS record
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'booking_record_payment';
COMMENT ON FUNCTION booking.record_payment(uuid, numeric, text, text, text, boolean, text, uuid) IS
'Records what was paid for a booking, once for each reference of a provider; the same again changes nothing and returns the same outcome. outcome: covered (the deposit is paid: the booking is confirmed, or pending where it needs approval), partial (due is still missing), recorded (the booking needed no more), refund_due (the booking is cancelled, or expired and its slot is taken: the money is to be sent back). For staff and the system. Errors: ZB002, ZB004 another currency, ZB306 the reference was recorded with another amount or booking.';

CREATE FUNCTION booking.record_refund(
	provider text,
	reference text,
	idempotency_key text DEFAULT NULL,
	tenant uuid DEFAULT NULL)
	RETURNS boolean
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'booking_record_refund';
COMMENT ON FUNCTION booking.record_refund(text, text, text, uuid) IS
'Records that a payment which was due back has been sent back; false if that was known. Errors: ZB002, ZB101 it is not due back.';

/* ---- customers ---- */

CREATE FUNCTION booking.merge_customers(
	keep uuid,
	drop uuid,
	idempotency_key text DEFAULT NULL,
	tenant uuid DEFAULT NULL)
	RETURNS integer
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'booking_merge_customers';
COMMENT ON FUNCTION booking.merge_customers(uuid, uuid, text, uuid) IS
'Makes one of two records of a customer: bookings and orders of drop go to keep, which takes over from drop what it lacks of e-mail, name, phone, locale and actor; drop is removed. Returns the number of bookings that went over. For staff. Error: ZB002.';

CREATE FUNCTION booking.erase_customer(
	customer uuid,
	tenant uuid DEFAULT NULL,
	OUT bookings integer, OUT notes integer, OUT answers integer, OUT audit_values integer)
	RETURNS record
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'booking_erase_customer';
COMMENT ON FUNCTION booking.erase_customer(uuid, uuid) IS
'Erases what is known about a customer as a person, in the audit trail too; his row, bookings, orders and payments stay, as somebody''s. Returns how many rows told about him. For admins. Errors: ZB002, ZB106 bookings are still to come.';

/* ---- what is old ---- */

CREATE FUNCTION booking.purge(
	older_than interval,
	bookings boolean DEFAULT false,
	max integer DEFAULT 10000,
	tenant uuid DEFAULT NULL)
	RETURNS integer
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'booking_purge';
COMMENT ON FUNCTION booking.purge(interval, boolean, integer, uuid) IS
'Removes up to max holds that expired or were released longer ago than older_than (at least 1 day) and, with bookings, also what was completed, cancelled or a no-show and ended longer ago; with all that belongs to them, but for the audit trail. What somebody is busy with, and what money is due back for, is passed over. Returns how many. For admins.';
