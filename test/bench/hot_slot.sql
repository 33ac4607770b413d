-- everybody wants the same slot, which is free once a second
SELECT try_slot();
