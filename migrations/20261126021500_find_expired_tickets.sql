-- Each ticket that is given out removes those that nobody came for: among thousands they must be found at once.
create index socket_tickets_expires on socket_tickets (org_id, expires_at);
