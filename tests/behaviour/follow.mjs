// Follows alerts by a published client, however often it is cut off: node follow.mjs CLIENT FOLDER URL TOKEN COUNT
// Prints the cursor of each event as it comes, and ends after COUNT of them.
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [name, folder, url, token, count] = process.argv.slice(2);
const load = createRequire(join(folder, 'package.json'));
const query = 'subscription ($after: String) { alertEvents(after: $after) { cursor } }';
const authorization = `Bearer ${token}`;

let after = '0';
let seen = 0;
const received = ({ data, errors }) => {
  if (errors) fail(errors);
  after = data.alertEvents.cursor;
  console.log(after);
  if (++seen === Number(count)) process.exit(0);
};
const fail = (error) => {
  console.error(error);
  process.exit(1);
};
const operation = { query, variables: { get after() { return after; } } };
const sink = { next: received, error: fail, complete: () => fail('completed') };
const atOnce = async () => {};

const clients = {
  'graphql-ws': () =>
    load('graphql-ws')
      .createClient({
        url: url.replace('http', 'ws'),
        webSocketImpl: load('ws'),
        connectionParams: { Authorization: authorization },
        shouldRetry: () => true,
        retryAttempts: 1000,
        retryWait: atOnce,
      })
      .subscribe(operation, sink),
  'graphql-sse': () =>
    load('graphql-sse')
      .createClient({ url, headers: { authorization }, retryAttempts: 1000, retry: atOnce })
      .subscribe(operation, sink),
  eventsource: () => {
    const { EventSource } = load('eventsource');
    const variables = JSON.stringify({ after: '0' });
    const source = new EventSource(`${url}?${new URLSearchParams({ query, variables, access_token: token })}`);
    source.addEventListener('next', ({ data }) => received(JSON.parse(data)));
    source.addEventListener('complete', () => fail('completed'));
  },
};
clients[name]();
