-- a booking is cancelled, and can be taken back
SELECT undo_token FROM booking.cancel(id_of(nextval('number')), 'customer_request');
