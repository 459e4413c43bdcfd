// A stranger's client: npm's `soap`, driven over loopback. Prints one JSON object.
const soap = require("soap");

const [address, username, code1, code2] = process.argv.slice(2);

async function main() {
  const client = await soap.createClientAsync(`${address}/soap.asmx?wsdl`);
  const call = async (operation, body) => (await client[`${operation}Async`](body))[0];
  const opened = await call("OpenSession", {
    Username: username, SecurityCode1: code1, SecurityCode2: code2, Source: "node",
  });
  const login = { SessionID: opened.OpenSessionResult.SessionID, SecurityCode2: code2 };
  const relation = await call("AddRelatie", {
    ...login,
    oRel: { ID: 0, AddDatum: "2026-01-01", Code: "NODE", Bedrijf: "Node & Zn", Gb_ID: 0,
            GeenEmail: 0, NieuwsbriefgroepenCount: 0 },
  });
  const booked = await call("AddMutatie", {
    ...login,
    oMut: {
      MutatieNr: 0, Soort: "FactuurVerstuurd", Datum: "2026-03-01", Rekening: "1300",
      RelatieCode: "NODE", Factuurnummer: "N-1", Omschrijving: "from Node",
      Betalingstermijn: "30", InExBTW: "IN",
      MutatieRegels: { cMutatieRegel: [{
        BedragInvoer: "121.00", BedragExclBTW: "100.00", BedragBTW: "21.00",
        BedragInclBTW: "121.00", BTWCode: "HOOG_VERK_21", BTWPercentage: "21",
        TegenrekeningCode: "8000", KostenplaatsID: 0,
      }] },
    },
  });
  const found = await call("GetMutaties", {
    ...login, cFilter: { MutatieNr: 0, DatumVan: "1980-01-01", DatumTm: "2049-12-31" },
  });
  const open = await call("GetOpenPosten", { ...login, OpSoort: "Debiteuren" });
  const refused = await call("AddRelatie", { ...login, oRel: { Code: "NODE", Bedrijf: "x" } });
  const wrong = await client.AddMutatieAsync({ ...login, oMut: { Soort: "Foo" } })
    .then(() => "accepted", (error) => error.root.Envelope.Body.Fault.faultcode);
  await call("CloseSession", { SessionID: login.SessionID });
  console.log(JSON.stringify({ relation, booked, found, open, refused, wrong }));
}

main().catch((error) => { console.error(error); process.exit(1); });
