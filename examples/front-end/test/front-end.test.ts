/**
 * The front end against a gateway that runs, at GATEWAY_URL, with the sample world; GATEWAY_TOKEN is of an officer of Kela. The
 * gateway may trust `src/generated/persisted-documents.json` and nothing else.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { agreement, agreements, AgreementRow, Blocker, changes, suspend } from "../src/agreements.js";
import { gateway, type Gateway } from "../src/gateway.js";
import type { AgreementRowFragment } from "../src/generated/graphql.js";
import { unmasked } from "../src/generated/index.js";
import { agreementPage, escaped, listPage, refusalPage } from "../src/page.js";

const required = (name: string): string => {
  const value = process.env[name];
  assert.ok(value !== undefined, `${name} is missing`);
  return value;
};

const url = required("GATEWAY_URL");
const token = required("GATEWAY_TOKEN");
let house: Gateway;

before(() => {
  house = gateway({ url, token, language: "en" });
});
after(() => house.close());

test("agreements are listed with their state and what blocks them", async () => {
  const found = await agreements(house.client);
  assert.ok(found.ok);
  const draft = found.value.find(({ number }) => number === "KEL-2026-051");
  assert.equal(draft?.effectiveStatus.state, "PREPARING");
  const codes = unmasked(Blocker, draft.effectiveStatus.blockers).map(({ code }) => code);
  assert.ok(codes.includes("NO_LEGAL_BASIS"), codes.join());
  const shown = listPage(found.value);
  assert.ok(shown.includes("KEL-2023-014") && shown.includes("being prepared") && shown.includes("NO_LEGAL_BASIS"));
  const own = await agreements(house.client, "3221308-6");
  assert.ok(own.ok && own.value.length > 0 && own.value.length < found.value.length);
});

test("one agreement is shown with its scopes, and one that is not there is refused", async () => {
  const found = await agreement(house.client, "KEL-2023-014");
  assert.ok(found.ok);
  assert.equal(unmasked(AgreementRow, found.value).number, "KEL-2023-014");
  assert.ok(agreementPage(found.value).includes("TECHNICAL_INTERFACE"));
  const missing = await agreement(house.client, "KEL-0000-000");
  assert.ok(!missing.ok && missing.refusal.kind === "gateway" && missing.refusal.code === "NOT_FOUND");
  assert.ok(refusalPage(missing.refusal).includes("No such agreement"));
});

test("a change is told as it happens", async () => {
  const before = await agreement(house.client, "KEL-2023-014");
  assert.ok(before.ok);
  const { id } = unmasked(AgreementRow, before.value);
  const told: AgreementRowFragment[] = [];
  let heard: () => void = () => {};
  const first = new Promise<void>((resolve) => (heard = resolve));
  const stop = changes(
    house.client,
    (row) => {
      told.push(row);
      heard();
    },
    (refusal) => assert.fail(JSON.stringify(refusal)),
  );
  // The subscription may stand later than the act: what is not heard is asked for, as the documentation says.
  await new Promise((resolve) => setTimeout(resolve, 500));
  const suspended = await suspend(house.client, { id, reason: "OTHER", note: "tried by a client" });
  assert.ok(suspended.ok && suspended.value.effectiveStatus.state === "SUSPENDED");
  await first;
  stop();
  assert.equal(told.at(-1)?.number, "KEL-2023-014");
  assert.equal(told.at(-1)?.effectiveStatus.state, "SUSPENDED");
});

test("a refusal of the business is no error, and each of the gateway's has its code", async () => {
  const found = await agreement(house.client, "KEL-2026-051");
  assert.ok(found.ok);
  const { id } = unmasked(AgreementRow, found.value);
  const refused = await suspend(house.client, { id, reason: "MISUSE" });
  assert.ok(!refused.ok && refused.refusal.kind === "business");
  assert.deepEqual(refused.refusal.faults.map(({ code }) => code), ["WRONG_STATUS"]);
  const stranger = gateway({ url, token: "nonsense" });
  const unknown = await agreements(stranger.client);
  await stranger.close();
  assert.ok(!unknown.ok && unknown.refusal.kind === "gateway" && unknown.refusal.code === "UNAUTHENTICATED");
  const nobody = gateway({ url: "http://127.0.0.1:1/graphql", token });
  const silence = await agreements(nobody.client);
  await nobody.close();
  assert.ok(!silence.ok && silence.refusal.kind === "unreachable");
});

test("what a register says is text on the page", () => {
  assert.equal(escaped(`<script>"&'`), "&lt;script&gt;&quot;&amp;&#39;");
  const page = refusalPage({ kind: "gateway", code: "INTERNAL", message: "<script>alert(1)</script>" });
  assert.ok(!page.includes("<script>alert"));
});
