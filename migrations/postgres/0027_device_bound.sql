-- Sessions that are bound to a key of the device (Device Bound Session Credentials).
-- The public key, as a JWK with its required members only; NULL if the browser has registered none.
ALTER TABLE browser_sessions ADD COLUMN device_key TEXT;
-- When its browser first proved that key; from then on the session cookie alone opens nothing.
ALTER TABLE browser_sessions ADD COLUMN bound_at TIMESTAMPTZ;
-- The number of the last challenge that was answered. Each is answered once, and none before it afterwards.
ALTER TABLE browser_sessions ADD COLUMN last_challenge BIGINT NOT NULL DEFAULT 0;
