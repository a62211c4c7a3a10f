-- What the hand-written peers keep: every event once, and each subscription as it stands.
DROP TABLE IF EXISTS events, subscriptions;
CREATE TABLE events (
  digest bytea PRIMARY KEY,
  received_at timestamptz NOT NULL DEFAULT now(),
  body bytea NOT NULL
);
CREATE TABLE subscriptions (
  id text PRIMARY KEY,
  customer_id text NOT NULL,
  status text NOT NULL,
  current_end bigint NOT NULL,
  at bigint NOT NULL
);
