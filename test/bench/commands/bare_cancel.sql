-- the writes of cancel() by hand
SELECT bare.cancel(id_of(nextval('number')));
