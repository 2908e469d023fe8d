/** Other public clients on the same documents: Apollo Client by hash, over GET and POST, and graphql-ws by itself. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { ApolloClient, CombinedGraphQLErrors, HttpLink, InMemoryCache } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { type DocumentNode, print } from "graphql";
import { createClient } from "graphql-ws";
import { WebSocket } from "ws";

import { AgreementByNumberDocument, SuspendAgreementDocument } from "../src/generated/graphql.js";

const url = process.env["GATEWAY_URL"] ?? "";
const authorization = `Bearer ${process.env["GATEWAY_TOKEN"] ?? ""}`;

const hashOf = (document: DocumentNode): string =>
  (document as DocumentNode & { readonly __meta__: { readonly hash: string } }).__meta__.hash;

/** Apollo, which names documents by `hash` and remembers which requests it made. */
function apollo(hash: (document: DocumentNode) => string): { client: ApolloClient; asked: string[] } {
  const asked: string[] = [];
  const persisted = new PersistedQueryLink({ generateHash: hash, useGETForHashedQueries: true });
  const http = new HttpLink({
    uri: url,
    headers: { authorization },
    fetch: (input, init) => {
      asked.push(`${init?.method ?? "GET"} ${init?.body === undefined ? "hash" : String(init.body)}`);
      return fetch(input, init);
    },
  });
  const client = new ApolloClient({ link: persisted.concat(http), cache: new InMemoryCache() });
  return { client, asked };
}

test("Apollo asks by hash over GET", async () => {
  const { client, asked } = apollo(hashOf);
  const variables = { number: "KEL-2023-014" };
  const { data } = await client.query({ query: AgreementByNumberDocument, variables, fetchPolicy: "no-cache" });
  assert.ok(data?.agreement);
  assert.deepEqual(asked, ["GET hash"]);
  const act = { id: "agreement:none", reason: "OTHER" as const, note: "tried by a client" };
  const { data: done } = await client.mutate({ mutation: SuspendAgreementDocument, variables: act });
  assert.deepEqual(done?.suspendAgreement.userErrors.map(({ code }) => code), ["MALFORMED"]);
  assert.match(asked[1] ?? "", /^POST .*sha256Hash/);
});

test("Apollo sends the text of a document whose hash nobody knows, and is told where only known ones are admitted", async () => {
  const { client, asked } = apollo((document) => createHash("sha256").update(print(document)).digest("hex"));
  const variables = { number: "KEL-2023-014" };
  const answer = client.query({ query: AgreementByNumberDocument, variables, fetchPolicy: "no-cache" });
  const fault: unknown = await answer.then(() => undefined, (error: unknown) => error);
  assert.ok(CombinedGraphQLErrors.is(fault), String(fault));
  assert.equal(fault.errors[0]?.extensions?.["code"], "DOCUMENT_NOT_TRUSTED");
  assert.equal(asked.length, 2);
});

test("graphql-ws asks by hash over a socket, and is refused what is not known", async () => {
  const client = createClient({
    url: `${url.replace(/^http/, "ws")}/ws`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization },
  });
  const ask = async (hash: string) => {
    const extensions = { persistedQuery: { version: 1, sha256Hash: hash } };
    for await (const answer of client.iterate({ query: "", variables: { number: "KEL-2023-014" }, extensions })) {
      return answer.data;
    }
    return undefined;
  };
  assert.ok(await ask(hashOf(AgreementByNumberDocument)));
  await assert.rejects(ask("0".repeat(64)), (faults: readonly { readonly extensions: { readonly code: string } }[]) => {
    assert.equal(faults[0]?.extensions.code, "PERSISTED_QUERY_NOT_FOUND");
    return true;
  });
  await client.dispose();
});
