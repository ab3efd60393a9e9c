// Prints one line of JSON per audit of GraphQL over HTTP: node audit.mjs FOLDER URL TOKEN
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [folder, url, token] = process.argv.slice(2);
const { auditServer } = createRequire(join(folder, 'package.json'))('graphql-http');

const results = await auditServer({
  url,
  fetchFn: (target, init = {}) =>
    fetch(target, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } }),
});
for (const { id, name, status, reason } of results) {
  console.log(JSON.stringify({ id, name, status, reason }));
}
