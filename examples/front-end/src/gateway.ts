/** The way to the gateway: one client for questions, acts and events, each document sent as the hash of its text. */
import { Client, fetchExchange, subscriptionExchange } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";
import type { DocumentNode } from "graphql";
import { createClient } from "graphql-ws";
import { WebSocket } from "ws";

/** Where the gateway is, and who asks. */
export interface Access {
  /** Address of GraphQL, `https://gateway.example/graphql`. */
  readonly url: string;
  readonly token: string;
  /** Language of names. */
  readonly language?: "fi" | "sv" | "en";
}

/** A client, and its end. */
export interface Gateway {
  readonly client: Client;
  close(): Promise<void>;
}

/** The SHA-256 of a document's text, which the generator has written beside it. */
const hashOf = (document: DocumentNode): string => {
  const { __meta__: meta } = document as DocumentNode & { readonly __meta__?: { readonly hash?: string } };
  if (meta?.hash === undefined) {
    throw new Error("a document that the generator has not seen: run `npm run generate`");
  }
  return meta.hash;
};

export function gateway({ url, token, language = "fi" }: Access): Gateway {
  const sockets = createClient({
    url: `${url.replace(/^http/, "ws")}/ws`,
    webSocketImpl: WebSocket,
    connectionParams: { Authorization: `Bearer ${token}` },
    // A stop of the gateway or a lost line ends no subscription; a token that is not believed does.
    shouldRetry: (fault) => !(typeof fault === "object" && fault !== null && "code" in fault && fault.code === 4403),
  });
  const client = new Client({
    url,
    preferGetMethod: false,
    fetchOptions: { headers: { Authorization: `Bearer ${token}`, "Accept-Language": language } },
    exchanges: [
      persistedExchange({
        enforcePersistedQueries: true,
        enableForMutation: true,
        enableForSubscriptions: true,
        preferGetForPersistedQueries: false,
        generateHash: async (_, document) => hashOf(document),
      }),
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query, variables, extensions }) => ({
          subscribe: (sink) => ({
            unsubscribe: sockets.subscribe(
              { query: query ?? "", variables: variables as Record<string, unknown>, extensions },
              sink,
            ),
          }),
        }),
      }),
    ],
  });
  return { client, close: async () => sockets.dispose() };
}
