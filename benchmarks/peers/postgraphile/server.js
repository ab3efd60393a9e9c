// PostGraphile over the events table, with aggregates and range filters.
const http = require('http');
const { postgraphile } = require('postgraphile');
const Aggregates = require('@graphile/pg-aggregates').default;
const Filter = require('postgraphile-plugin-connection-filter');

const middleware = postgraphile(process.env.DATABASE_URL, 'public', {
  appendPlugins: [Filter, Aggregates],
  disableQueryLog: true,
  dynamicJson: true,
  graphiql: false,
  ignoreRBAC: false,
  simpleCollections: 'omit',
});

http
  .createServer((req, res) => {
    if (req.url === '/health') res.end('ok');
    else middleware(req, res);
  })
  .listen(Number(process.env.PORT), '127.0.0.1');
