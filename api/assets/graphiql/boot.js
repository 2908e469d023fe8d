/* Starts GraphiQL against the gateway that served this page. */
(function () {
  "use strict";

  const defaultQuery = `# Documentation: the book on the left.
# Token: in Headers below, for example
# {"Authorization": "Bearer …"}

query Organisations {
  organisations(first: 10) {
    nodes {
      id
      businessId
      name
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
`;

  const socketOrigin = window.location.origin.replace(/^http/, "ws");
  const fetcher = GraphiQL.createFetcher({
    url: "/graphql",
    subscriptionUrl: `${socketOrigin}/graphql/ws`,
    enableIncrementalDelivery: false,
  });

  const page = React.createElement(GraphiQL, {
    fetcher,
    defaultQuery,
    defaultHeaders: "{}",
    defaultEditorToolsVisibility: "headers",
    isHeadersEditorEnabled: true,
    shouldPersistHeaders: false,
    // History would keep headers, and variables may hold personal identity codes: nothing outlives the page.
    storage: null,
  });

  ReactDOM.createRoot(document.getElementById("graphiql")).render(page);
})();
