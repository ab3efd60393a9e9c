CREATE INDEX idx_dashboard_events_created_at ON dashboard_events (created_at);
CREATE INDEX idx_dashboard_events_user_id ON dashboard_events (user_id);
CREATE INDEX idx_dashboard_events_event_type ON dashboard_events (event_type);
CREATE INDEX idx_dashboard_events_created_at_event_type ON dashboard_events (created_at, event_type);
