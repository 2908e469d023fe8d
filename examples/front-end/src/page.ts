/** Pages as HTML: pure functions of what the gateway has said. */
import { AgreementRow, Blocker, type Refusal } from "./agreements.js";
import type { AgreementRowFragment, AgreementViewFragment, EffectiveState } from "./generated/graphql.js";
import { type FragmentType, unmasked } from "./generated/index.js";

/** Every state has a word; a state the gateway learns later is a fault of the compiler until it has one. */
const STATES: Record<EffectiveState, string> = {
  BLOCKED: "blocked",
  ENDED: "ended",
  EXPIRED: "expired",
  IN_FORCE: "in force",
  NOT_IN_FORCE: "not in force",
  NOT_STARTED: "not started",
  PARTLY_IN_FORCE: "partly in force",
  PREPARING: "being prepared",
  REJECTED: "rejected",
  SUSPENDED: "suspended",
};

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Text that means nothing in HTML. */
export const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");

/** HTML of a template whose values are escaped, but for what is HTML already. */
class Html {
  constructor(readonly text: string) {}
}
const html = (parts: TemplateStringsArray, ...values: readonly (string | Html | readonly Html[])[]): Html => {
  const said = (value: string | Html | readonly Html[]): string =>
    typeof value === "string" ? escaped(value) : value instanceof Html ? value.text : value.map(said).join("");
  return new Html(parts.reduce((text, part, index) => text + said(values[index - 1] ?? "") + part));
};

/** Script of every page: shows it anew whenever an agreement changes. */
export const LIVE = `new EventSource("/changes").onmessage = () => location.reload();\n`;

const page = (title: string, body: Html): string =>
  html`<!doctype html>
<html lang="fi"><head><meta charset="utf-8"><title>${title}</title>
<script src="/live.js"></script></head>
<body><h1>${title}</h1>${body}</body></html>
`.text;

function blockers(given: readonly FragmentType<typeof Blocker>[]): Html {
  const items = unmasked(Blocker, given).map(({ code, message, citations }) => {
    const law = citations.map(({ citation, eli }) =>
      // An identifier of a law is an address; nothing else becomes a link.
      typeof eli === "string" && eli.startsWith("https://") ? html` <a href="${eli}">${citation}</a>` : html` ${citation}`,
    );
    return html`<li><code>${code}</code> ${message}${law}</li>`;
  });
  return items.length === 0 ? html`` : html`<ul>${items}</ul>`;
}

/** Every agreement with its state and what blocks it. */
export function listPage(rows: readonly AgreementRowFragment[]): string {
  const lines = rows.map(
    ({ number, discloser, recipient, register, effectiveStatus: { state, blockers: given } }) =>
      html`<tr><td><a href="/agreements/${encodeURIComponent(number)}">${number}</a></td><td>${discloser.name}</td>
<td>${recipient.name}</td><td>${register.name}</td><td>${STATES[state]}${blockers(given)}</td></tr>
`,
  );
  const heads = ["Agreement", "Discloser", "Recipient", "Register", "State"].map((head) => html`<th>${head}</th>`);
  return page("Agreements", html`<table><tr>${heads}</tr>
${lines}</table>`);
}

/** One agreement: its state, its scopes and what may be done. */
export function agreementPage(view: AgreementViewFragment): string {
  const row = unmasked(AgreementRow, view);
  const { state, until, blockers: given } = row.effectiveStatus;
  const scopes = (view.scopes ?? []).map(
    (scope) => html`<section><h3>${scope.channel}: ${ofScope(scope.effectiveStatus.state)}</h3>
<p>${scope.items.map((item) => `${item.code} ${item.name}`).join(", ")}</p>${blockers(scope.effectiveStatus.blockers)}</section>
`,
  );
  const actions = view.allowedActions.map(({ code, blockedBy }) => {
    const why = blockedBy.map(({ message }) => message).join("; ");
    return why === "" ? html`<li>${code}</li>` : html`<li>${code}: not yet, ${why}</li>`;
  });
  return page(
    row.number,
    html`<p>${row.discloser.name} → ${row.recipient.name}, ${row.register.name}</p>
<p>${STATES[state]}${typeof until === "string" ? ` until ${until}` : ""}</p>${blockers(given)}
<h2>Scopes</h2>${scopes}<h2>What can be done</h2><ul>${actions}</ul>`,
  );
}

/** State of a scope in words; it has codes of its own. */
const ofScope = (state: string): string => state.toLowerCase().replaceAll("_", " ");

/** Why there is nothing to show. */
export function refusalPage(refusal: Refusal): string {
  switch (refusal.kind) {
    case "gateway":
      return page(refusal.code === "NOT_FOUND" ? "No such agreement" : "Refused", html`<p>${refusal.message}</p>`);
    case "business":
      return page("Refused", html`<ul>${refusal.faults.map(({ message }) => html`<li>${message}</li>`)}</ul>`);
    case "unreachable":
      return page("The gateway does not answer", html`<p>Try again in a moment.</p>`);
  }
}
