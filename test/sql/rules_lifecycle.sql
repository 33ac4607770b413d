-- Statuses and the changes between them.  The tables printed here are what the
-- guard enforces; they are compared by eye with the documentation.

SELECT * FROM booking.statuses();

SELECT * FROM booking.transition_catalogue();

SELECT status, booking.valid_targets(status), booking.is_terminal(status) AS terminal,
       booking.is_occupying(status) AS occupying
  FROM booking.statuses();

-- All answers come from one table: can_transition, valid_targets and the
-- catalogue agree on each of the 100 pairs.
SELECT count(*) AS pairs,
       count(*) FILTER (WHERE booking.can_transition(f.status, t.status)) AS edges,
       count(*) FILTER (WHERE booking.can_transition(f.status, t.status)
                          IS DISTINCT FROM t.status = ANY (booking.valid_targets(f.status))
                           OR booking.can_transition(f.status, t.status)
                          IS DISTINCT FROM (c.from_status IS NOT NULL)) AS disagree
  FROM booking.statuses() f
 CROSS JOIN booking.statuses() t
  LEFT JOIN booking.transition_catalogue() c
    ON c.from_status = f.status AND c.to_status = t.status;

-- Terminal is what no edge leaves, and nothing becomes what it is.
SELECT count(*) FILTER (WHERE s.terminal <> (booking.valid_targets(s.status) = '{}')) AS terminal_wrong,
       count(*) FILTER (WHERE booking.can_transition(s.status, s.status)) AS loops
  FROM booking.statuses() s;

-- A reason is needed exactly where a booking is cancelled or not shown up for,
-- and only a checkout can't be undone.
SELECT count(*) FILTER (WHERE needs_reason <> (to_status IN ('cancelled', 'no_show'))) AS reason_wrong,
       count(*) FILTER (WHERE reversible = (action = 'checkout')) AS reversible_wrong
  FROM booking.transition_catalogue();

-- An expired hold can be taken again, but not by a transition.
SELECT booking.can_transition('cancelled', 'held'), booking.can_transition('held', 'confirmed');

-- Anything else is no status.
SELECT booking.can_transition('held', 'reserved');
\echo :LAST_ERROR_SQLSTATE
SELECT booking.can_transition('pending_approval', 'held');
SELECT booking.valid_targets('');
SELECT booking.is_terminal('CANCELLED');
SELECT booking.is_occupying(' held');
SELECT booking.is_occupying(repeat('held', 3) || '''; DROP TABLE booking.bookings');

-- Null in, null out.
SELECT booking.can_transition(NULL, 'held') IS NULL AND booking.can_transition('held', NULL) IS NULL
   AND booking.valid_targets(NULL) IS NULL AND booking.is_terminal(NULL) IS NULL
   AND booking.is_occupying(NULL) IS NULL AS all_null;
