-- The ID of the request that a mail was written in, as in the log; NULL for one of a job or the command line.
ALTER TABLE outgoing_mails ADD COLUMN request_id TEXT;
