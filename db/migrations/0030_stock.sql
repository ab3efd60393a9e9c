-- The last stock of a product is looked up by its index, however many other events there are.
CREATE INDEX analytics_events_stock ON analytics_events ((properties #>> '{product}'), occurred_at DESC)
WHERE event_type = 'inventory';
