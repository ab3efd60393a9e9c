-- name: levels
-- The stock of each product before an instant: what was last told of each place that has it, added up.
SELECT wanted.product, sum(place.stock)::text AS stock, max(place.occurred_at) AS told_at
FROM unnest($1::text[]) AS wanted (product)
CROSS JOIN LATERAL (
    SELECT DISTINCT ON (e.properties #>> '{location}')
           (e.properties #>> '{stock}')::numeric AS stock, e.occurred_at
    FROM analytics_events e
    WHERE e.event_type = 'inventory' AND e.properties #>> '{product}' = wanted.product
        AND e.occurred_at < $2 AND jsonb_typeof(e.properties #> '{stock}') = 'number'
    ORDER BY e.properties #>> '{location}', e.occurred_at DESC, e.received_at DESC, e.id DESC
) place
GROUP BY wanted.product;
