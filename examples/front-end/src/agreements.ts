/** What an officer asks of agreements and does to them. */
import type { ResultOf } from "@graphql-typed-document-node/core";
import type { Client, CombinedError, OperationResult } from "@urql/core";

import type { AgreementRowFragment, AgreementViewFragment, SuspensionReason } from "./generated/graphql.js";
import { graphql, unmasked } from "./generated/index.js";

export const Blocker = graphql(/* GraphQL */ `
  fragment Blocker on DecisionReason {
    code
    message
    citations {
      citation
      eli
    }
  }
`);

export const AgreementRow = graphql(/* GraphQL */ `
  fragment AgreementRow on Agreement {
    id
    number
    discloser {
      businessId
      name
    }
    recipient {
      businessId
      name
    }
    register {
      code
      name
    }
    effectiveStatus {
      state
      until
      blockers {
        ...Blocker
      }
    }
  }
`);

export const AgreementView = graphql(/* GraphQL */ `
  fragment AgreementView on Agreement {
    ...AgreementRow
    signedOn
    startsOn
    endsOn
    scopes {
      id
      channel
      status
      effectiveStatus {
        state
        blockers {
          ...Blocker
        }
      }
      items {
        code
        name
      }
    }
    allowedActions {
      code
      blockedBy {
        code
        message
      }
    }
  }
`);

const Agreements = graphql(/* GraphQL */ `
  query Agreements($party: BusinessId, $after: String) {
    agreements(filter: { party: $party }, first: 50, after: $after) {
      nodes {
        ...AgreementRow
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

const AgreementByNumber = graphql(/* GraphQL */ `
  query AgreementByNumber($number: String!) {
    agreement(number: $number) {
      ...AgreementView
    }
  }
`);

const AgreementChanged = graphql(/* GraphQL */ `
  subscription AgreementChanged {
    agreementChanged {
      ...AgreementRow
    }
  }
`);

const SuspendAgreement = graphql(/* GraphQL */ `
  mutation SuspendAgreement($id: ID!, $reason: SuspensionReason!, $note: String) {
    suspendAgreement(input: { id: $id, reason: $reason, note: $note }) {
      agreement {
        ...AgreementRow
      }
      userErrors {
        code
        message
        path
      }
    }
  }
`);

/** A refusal: by the gateway (`UNAUTHENTICATED`, `NOT_FOUND`, …), by the business, or because nobody answered. */
export type Refusal =
  | { readonly kind: "gateway"; readonly code: string; readonly message: string }
  | { readonly kind: "business"; readonly faults: readonly Fault[] }
  | { readonly kind: "unreachable" };

export interface Fault {
  readonly code: string;
  readonly message: string;
  readonly path: readonly string[];
}

export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refusal };

const done = <T>(value: T): Outcome<T> => ({ ok: true, value });

function refused(error: CombinedError | undefined): { readonly ok: false; readonly refusal: Refusal } {
  const told = error?.graphQLErrors[0];
  if (told === undefined) {
    return { ok: false, refusal: { kind: "unreachable" } };
  }
  const code = typeof told.extensions["code"] === "string" ? told.extensions["code"] : "INTERNAL";
  return { ok: false, refusal: { kind: "gateway", code, message: told.message } };
}

/** All agreements of a party, or all that the caller may see, page by page. */
export async function agreements(client: Client, party?: string): Promise<Outcome<readonly AgreementRowFragment[]>> {
  const rows: AgreementRowFragment[] = [];
  let after: string | null = null;
  do {
    const page: OperationResult<ResultOf<typeof Agreements>> = await client
      .query(Agreements, { party: party ?? null, after })
      .toPromise();
    const { data, error } = page;
    if (data === undefined || error !== undefined) {
      return refused(error);
    }
    rows.push(...unmasked(AgreementRow, data.agreements.nodes));
    const { hasNextPage, endCursor } = data.agreements.pageInfo;
    after = hasNextPage ? (endCursor ?? null) : null;
  } while (after !== null);
  return done(rows);
}

/** One agreement; a refusal `NOT_FOUND` where there is none, or none the caller may know of. */
export async function agreement(client: Client, number: string): Promise<Outcome<AgreementViewFragment>> {
  const { data, error } = await client.query(AgreementByNumber, { number }).toPromise();
  const found = data?.agreement;
  return error === undefined && found !== undefined && found !== null
    ? done(unmasked(AgreementView, found))
    : refused(error);
}

/** Tells each agreement that changes, as it then stands, until the returned function is called. */
export function changes(client: Client, tell: (row: AgreementRowFragment) => void, failed: (refusal: Refusal) => void) {
  const { unsubscribe } = client.subscription(AgreementChanged, {}).subscribe(({ data, error }) => {
    if (data !== undefined) {
      tell(unmasked(AgreementRow, data.agreementChanged));
    } else if (error !== undefined) {
      failed(refused(error).refusal);
    }
  });
  return unsubscribe;
}

/** Suspends an agreement: from the answer on nothing is disclosed by it. */
export async function suspend(
  client: Client,
  input: { readonly id: string; readonly reason: SuspensionReason; readonly note?: string },
): Promise<Outcome<AgreementRowFragment>> {
  const { id, reason, note } = input;
  const { data, error } = await client.mutation(SuspendAgreement, { id, reason, note: note ?? null }).toPromise();
  if (data === undefined || error !== undefined) {
    return refused(error);
  }
  const { agreement: changed, userErrors } = data.suspendAgreement;
  return changed === null || changed === undefined
    ? { ok: false, refusal: { kind: "business", faults: userErrors } }
    : done(unmasked(AgreementRow, changed));
}
