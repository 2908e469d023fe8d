/** The front end as a server of pages for one officer, on this machine alone: the token stays here, no page holds it. */
import { createServer, type ServerResponse } from "node:http";

import { agreement, agreements, changes } from "./agreements.js";
import { gateway } from "./gateway.js";
import { agreementPage, LIVE, listPage, refusalPage } from "./page.js";

const url = process.env["GATEWAY_URL"] ?? "http://127.0.0.1:8080/graphql";
const token = process.env["GATEWAY_TOKEN"];
if (token === undefined) {
  throw new Error("GATEWAY_TOKEN is missing: disclosure-gateway token --org 3221308-6 --role officer");
}
const port = Number(process.env["PORT"] ?? "3000");
const { client } = gateway({ url, token });
const watching = new Set<ServerResponse>();

changes(
  client,
  ({ number }) => watching.forEach((response) => response.write(`data: ${number}\n\n`)),
  (refusal) => console.error("no changes are told:", refusal),
);

const policy = "default-src 'none'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'";

/** Names this server answers to: a page of another name that leads here is not one of its own, and is told nothing. */
const names = new Set([`127.0.0.1:${port}`, `localhost:${port}`]);

/** The number as written; what is no encoding is taken as it stands, and names no agreement. */
function decoded(number: string): string {
  try {
    return decodeURIComponent(number);
  } catch {
    return number;
  }
}

createServer(async (request, response) => {
  if (!names.has(request.headers.host ?? "")) {
    response.writeHead(421, { "Content-Type": "text/plain; charset=utf-8" }).end("Another name is asked for.\n");
    return;
  }
  const path = new URL(request.url ?? "/", "http://localhost").pathname;
  if (path === "/changes") {
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    response.flushHeaders();
    watching.add(response);
    response.on("close", () => watching.delete(response));
    return;
  }
  if (path === "/live.js") {
    response.writeHead(200, { "Content-Type": "text/javascript; charset=utf-8" }).end(LIVE);
    return;
  }
  const number = /^\/agreements\/([^/]+)$/.exec(path)?.[1];
  let shown: string | undefined;
  if (path === "/") {
    const found = await agreements(client);
    shown = found.ok ? listPage(found.value) : refusalPage(found.refusal);
  } else if (number !== undefined) {
    const found = await agreement(client, decoded(number));
    shown = found.ok ? agreementPage(found.value) : refusalPage(found.refusal);
  }
  response.writeHead(shown === undefined ? 404 : 200, {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": policy,
    "Cache-Control": "no-store",
  });
  response.end(shown ?? refusalPage({ kind: "gateway", code: "NOT_FOUND", message: "There is no such page." }));
}).listen(port, "127.0.0.1", () => console.log(`http://127.0.0.1:${port}/`));
