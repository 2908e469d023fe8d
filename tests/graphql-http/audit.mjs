// Audits of the specification of GraphQL over HTTP against a running gateway.
//
//     node audit.mjs http://127.0.0.1:8080/graphql TOKEN
//
// Prints each audit that does not hold and ends with 1 if there is one; the last line counts them by their word.
import { serverAudits } from "graphql-http";

const [url, token] = process.argv.slice(2);
const withToken = (input, init = {}) => {
  const headers = new Headers(init.headers);
  headers.set("authorization", `Bearer ${token}`);
  return fetch(input, { ...init, headers });
};

const counts = {};
let failed = false;
for (const audit of serverAudits({ url, fetchFn: withToken })) {
  const { status, name, reason } = await audit.fn();
  const key = `${name.split(" ")[0]} ${status}`;
  counts[key] = (counts[key] ?? 0) + 1;
  if (status !== "ok") {
    failed = true;
    console.log(`${status}: ${audit.id} ${name}: ${reason}`);
  }
}
console.log(JSON.stringify(counts));
process.exit(failed ? 1 : 0);
