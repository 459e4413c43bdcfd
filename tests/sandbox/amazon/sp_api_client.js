// Drives the sandbox with npm's `amazon-sp-api`, unchanged. Prints one JSON object.
// The client knows Amazon's hosts only: every HTTPS request goes to the sandbox instead.
const http = require("http");
const https = require("https");

const sandbox = new URL(process.argv[2]);
https.request = (options, answered) =>
  http.request({ ...options, hostname: sandbox.hostname, port: sandbox.port }, answered);

const SellingPartner = require("amazon-sp-api");

const seller = (refresh_token) =>
  new SellingPartner({
    region: "eu",
    refresh_token,
    credentials: {
      SELLING_PARTNER_APP_CLIENT_ID: "sandbox-client",
      SELLING_PARTNER_APP_CLIENT_SECRET: "sandbox-secret",
    },
    options: { auto_request_throttled: false },
  });

const call = (client, endpoint, operation, version, rest = {}) =>
  client.callAPI({ endpoint, operation, options: { version }, ...rest });

async function orders(client) {
  const query = {
    lastUpdatedAfter: "2026-10-01T00:00:00Z",
    lastUpdatedBefore: "2026-11-01T00:00:00Z",
    marketplaceIds: ["A1805IZSGTT6HS", "A1PA6795UKMFR9"],
    includedData: ["PROCEEDS", "FULFILLMENT"],
    maxResultsPerPage: 40,
  };
  const found = [];
  for (;;) {
    const page = await call(client, "orders", "searchOrders", "2026-01-01", { query });
    found.push(...page.orders);
    if (!page.pagination) return found;
    query.paginationToken = page.pagination.nextToken;
  }
}

async function main() {
  const client = seller("Atzr|sandbox");
  const answers = {};
  answers.places = await call(client, "sellers", "getMarketplaceParticipations", "v1");
  answers.orders = await orders(client);
  const reports = await call(client, "reports", "getReports", "2021-06-30", {
    query: { reportTypes: ["GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"], pageSize: 100 },
  });
  const document = await call(client, "reports", "getReportDocument", "2021-06-30", {
    path: { reportDocumentId: reports.reports[0].reportDocumentId },
  });
  answers.settlement = await client.download(document, { json: true });
  answers.report = await client.downloadReport({
    body: {
      reportType: "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL",
      marketplaceIds: ["A1805IZSGTT6HS"],
      dataStartTime: "2026-10-01T00:00:00Z",
      dataEndTime: "2026-10-31T00:00:00Z",
    },
    version: "2021-06-30",
    interval: 100,
    download: { json: true },
  });
  answers.transactions = await call(client, "finances", "listTransactions", "2024-06-19", {
    query: { postedAfter: "2026-10-01T00:00:00Z" },
  });
  answers.refused = await call(client, "orders", "searchOrders", "2026-01-01", {
    query: {},
  }).catch((error) => error.code);
  answers.stranger = await call(seller("Atzr|nobody"), "sellers", "getMarketplaceParticipations", "v1")
    .catch((error) => error.code);
  process.stdout.write(JSON.stringify(answers));
}

main().catch((error) => {
  process.stderr.write(String(error.stack || error));
  process.exit(1);
});
