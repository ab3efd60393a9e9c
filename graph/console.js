"use strict";

const QUERY = `# Ctrl+Space completes, Ctrl+Enter runs; the book on the left explains every field.
query Week($range: RangeInput!) {
  summary(range: $range) {
    totalEvents
    uniqueUsers
    eventsByType {
      eventType
      count
    }
    meta {
      asOf
      servedBy
      range {
        from
        to
      }
    }
  }
}
`;
const VARIABLES = JSON.stringify({ range: { last: "P7D" } }, null, 2);
const KEPT = "tidemark.token";
const API_KEY = "tk_";

const field = document.getElementById("token");
const state = document.getElementById("state");
let socket = null;

function credentials(secret) {
  if (!secret) return {};
  return secret.startsWith(API_KEY) ? { "X-API-Key": secret } : { Authorization: `Bearer ${secret}` };
}

async function named(headers) {
  const response = await fetch("/graphql", {
    method: "POST",
    headers: { ...headers, "Content-Type": "application/json" },
    body: JSON.stringify({ query: "{ viewer { subject roles } }" }),
  });
  const { data, errors } = await response.json();
  return data?.viewer ? `${data.viewer.subject}: ${data.viewer.roles.join(", ")}` : errors[0].message;
}

function show(secret) {
  const headers = credentials(secret);
  if (socket) socket.dispose();
  const address = new URL("/graphql", location.href);
  address.protocol = address.protocol.replace("http", "ws");
  socket = graphqlWs.createClient({ url: address.href, connectionParams: headers });
  const fetcher = GraphiQL.createFetcher({ url: "/graphql", headers, wsClient: socket });
  const properties = {
    fetcher,
    schema: secret ? undefined : null,
    defaultQuery: QUERY,
    variables: VARIABLES,
    isHeadersEditorEnabled: false,
  };
  ReactDOM.render(React.createElement(GraphiQL, properties), document.getElementById("graphiql"));
  state.textContent = "";
  if (secret) {
    named(headers).then((text) => { state.textContent = text; }, (problem) => { state.textContent = String(problem); });
  }
}

document.getElementById("access").addEventListener("submit", (event) => {
  event.preventDefault();
  const secret = field.value.trim();
  sessionStorage.setItem(KEPT, secret);
  show(secret);
});

field.value = sessionStorage.getItem(KEPT) ?? "";
show(field.value);
