/* ---- payments ---- */

CREATE FUNCTION booking.record_payment(
	booking uuid,
	amount numeric,
	provider text,
	reference text,
	currency text DEFAULT NULL,
	lock_wait boolean DEFAULT true,
	tenant uuid DEFAULT NULL,
	OUT booking_id uuid, OUT status text, OUT version integer,
	OUT undo_token text, OUT effects text[], OUT updated_at timestamptz,
	OUT paid numeric, OUT due numeric, OUT outcome text, OUT repeated boolean)
	RETURNS record
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'booking_record_payment';
COMMENT ON FUNCTION booking.record_payment(uuid, numeric, text, text, text, boolean, uuid) IS
'Records what was paid for a booking, once for each reference of a provider; the same again changes nothing and returns the same outcome. outcome: covered (the deposit is paid: the booking is confirmed, or pending where it needs approval), partial (due is still missing), recorded (the booking needed no more), refund_due (the booking is cancelled, or expired and its slot is taken: the money is to be sent back). For staff and the system. Errors: ZB002, ZB004 another currency, ZB306 the reference was recorded with another amount or booking.';

CREATE FUNCTION booking.record_refund(provider text, reference text, tenant uuid DEFAULT NULL)
	RETURNS boolean
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'booking_record_refund';
COMMENT ON FUNCTION booking.record_refund(text, text, uuid) IS
'Records that a payment which was due back has been sent back; false if that was known. Errors: ZB002, ZB101 it is not due back.';
