"""The SOAP interface of e-Boekhouden.nl as one table: every element, type and enumeration.

The WSDL is generated from this table (`wsdl`), requests are read by it (`reading`) and answers are
written by it (`writing`), so that the three cannot disagree. Source: the vendor's public interface
description; the order of the lines is the order of the components in that description.

Notation, one component a line (continuation lines are indented):

    @Name: fields       a message element with its wrapped parameters
    Name: fields        a complex type
    Name: [item]        a list type: any number of nillable `item` elements of the type `item`
    Name = A | B        an enumeration of strings

A field is `Name type`; no type means string. `!` after the name: the element must be there
(minOccurs 1); `?`: it may be nil.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

NAMESPACE = "http://www.e-boekhouden.nl/soap"

_TABLE = """
@GetAdministraties: SessionID, SecurityCode2
@GetAdministratiesResponse: GetAdministratiesResult cResultGetAdministraties
cResultGetAdministraties: ErrorMsg cError, Administraties ArrayOfCAdministratie
cError: LastErrorCode, LastErrorDescription
ArrayOfCAdministratie: [cAdministratie]
cAdministratie: Bedrijf, Plaats, Guid, StartBoekjaar
@GetSaldo: SessionID, SecurityCode2, cFilter cSaldoFilter
cSaldoFilter: GbCode, KostenPlaatsId! long, DatumVan!? dateTime, DatumTot!? dateTime
@GetSaldoResponse: GetSaldoResult cResultGetSaldo
cResultGetSaldo: ErrorMsg cError, Saldo! double
@GetSaldi: SessionID, SecurityCode2, cFilter cSaldiFilter
cSaldiFilter: KostenPlaatsId! long, DatumVan!? dateTime, DatumTot!? dateTime, Categorie
@GetSaldiResponse: GetSaldiResult cResultGetSaldi
cResultGetSaldi: ErrorMsg cError, Saldi ArrayOfCSaldo
ArrayOfCSaldo: [cSaldo]
cSaldo: ID! long, Code, Categorie, Saldo! double
@AddFactuur: SessionID, SecurityCode2, oFact cFactuur
cFactuur: Factuurnummer, Relatiecode, Datum! dateTime, Betalingstermijn! long, Factuursjabloon,
    PerEmailVerzenden! boolean, EmailOnderwerp, EmailBericht, EmailVanAdres, EmailVanNaam,
    AutomatischeIncasso! boolean, IncassoIBAN, IncassoMachtigingSoort, IncassoMachtigingID,
    IncassoMachtigingDatumOndertekening! dateTime, IncassoMachtigingFirst! boolean,
    IncassoRekeningNummer, IncassoTnv, IncassoPlaats, IncassoOmschrijvingRegel1,
    IncassoOmschrijvingRegel2, IncassoOmschrijvingRegel3, InBoekhoudingPlaatsen! boolean,
    BoekhoudmutatieOmschrijving, Regels ArrayOfCFactuurRegel
ArrayOfCFactuurRegel: [cFactuurRegel]
cFactuurRegel: Aantal! double, Eenheid, Code, Omschrijving, PrijsPerEenheid! double, BTWCode,
    TegenrekeningCode, KostenplaatsID! long
@AddFactuurResponse: AddFactuurResult cResultAddFactuur
cResultAddFactuur: ErrorMsg cError, Factuurnummer
@GetFacturen: SessionID, SecurityCode2, cFilter cFactuurFilter
cFactuurFilter: Factuurnummer, Relatiecode, DatumVan! dateTime, DatumTm! dateTime
@GetFacturenResponse: GetFacturenResult cResultGetFacturen
cResultGetFacturen: ErrorMsg cError, Facturen ArrayOfCFactuurList
ArrayOfCFactuurList: [cFactuurList]
cFactuurList: Factuurnummer, Relatiecode any, Datum! dateTime, Betalingstermijn! long,
    TotaalExclBTW! double, TotaalBTW! double, TotaalInclBTW! double, TotaalOpenstaand! double,
    URLPDFBestand, Regels ArrayOfCFactuurRegel
@AddMutatie: SessionID, SecurityCode2, oMut cMutatie
cMutatie: MutatieNr! long, Soort! enMutatieSoorten, Datum! dateTime, Rekening, RelatieCode,
    Factuurnummer, Boekstuk, Omschrijving, Betalingstermijn, Betalingskenmerk, InExBTW,
    MutatieRegels ArrayOfCMutatieRegel
enMutatieSoorten = OpeningsSaldo | FactuurOntvangen | FactuurVerstuurd |
    FactuurbetalingOntvangen | FactuurbetalingVerstuurd | GeldOntvangen | GeldUitgegeven |
    Memoriaal
ArrayOfCMutatieRegel: [cMutatieRegel]
cMutatieRegel: BedragInvoer! decimal, BedragExclBTW! decimal, BedragBTW! decimal, BedragInclBTW!
    decimal, BTWCode, BTWPercentage! decimal, TegenrekeningCode, KostenplaatsID! long
cResultAddMutatie: ErrorMsg cError, Mutatienummer! long
@AddMutatieResponse: AddMutatieResult cResultAddMutatie
@GetMutaties: SessionID, SecurityCode2, cFilter cMutatieFilter
cMutatieFilter: MutatieNr! long, MutatieNrVan long, MutatieNrTm long, Factuurnummer, DatumVan!
    dateTime, DatumTm! dateTime
cResultGetMutaties: ErrorMsg cError, Mutaties ArrayOfCMutatieList
ArrayOfCMutatieList: [cMutatieList]
cMutatieList: MutatieNr! long, Soort! enMutatieSoorten, Datum! dateTime, Rekening, RelatieCode,
    Factuurnummer, Boekstuk, Omschrijving, Betalingstermijn, InExBTW, MutatieRegels
    ArrayOfCMutatieListRegel
ArrayOfCMutatieListRegel: [cMutatieListRegel]
cMutatieListRegel: BedragInvoer! decimal, BedragExclBTW! decimal, BedragBTW! decimal,
    BedragInclBTW! decimal, BTWCode, BTWPercentage! decimal, Factuurnummer, TegenrekeningCode,
    KostenplaatsID! long
@GetMutatiesResponse: GetMutatiesResult cResultGetMutaties
@AddGrootboekrekening: SessionID, SecurityCode2, oGb cGrootboekrekening
cGrootboekrekening: ID! long, Code, Omschrijving, Categorie, Groep
cResultAddGrootboekrekening: ErrorMsg cError, Gb_ID! long
@AddGrootboekrekeningResponse: AddGrootboekrekeningResult cResultAddGrootboekrekening
@UpdateGrootboekrekening: SessionID, SecurityCode2, oGb cGrootboekrekening
@UpdateGrootboekrekeningResponse: UpdateGrootboekrekeningResult cError
@GetGrootboekrekeningen: SessionID, SecurityCode2, cFilter cGrootboekrekeningFilter
cGrootboekrekeningFilter: ID! long, Code, Categorie
cResultGetGrootboekrekeningen: ErrorMsg cError, Rekeningen ArrayOfCGrootboekrekening
ArrayOfCGrootboekrekening: [cGrootboekrekening]
@GetGrootboekrekeningenResponse: GetGrootboekrekeningenResult cResultGetGrootboekrekeningen
@AddRelatie: SessionID, SecurityCode2, oRel cRelatie
cRelatie: ID! long, AddDatum! dateTime, Code, Bedrijf, Contactpersoon, Geslacht, Adres,
    Postcode, Plaats, Land, Adres2, Postcode2, Plaats2, Land2, Telefoon, GSM, FAX, Email, Site,
    Notitie, Bankrekening, Girorekening, BTWNummer, KvkNummer, Aanhef, IBAN, BIC, BP, Def1,
    Def2, Def3, Def4, Def5, Def6, Def7, Def8, Def9, Def10, LA, Gb_ID! long, GeenEmail! long,
    NieuwsbriefgroepenCount! long
cResultAddRelatie: ErrorMsg cError, Rel_ID! long
@AddRelatieResponse: AddRelatieResult cResultAddRelatie
@UpdateRelatie: SessionID, SecurityCode2, oRel cRelatie
@UpdateRelatieResponse: UpdateRelatieResult cError
@GetRelaties: SessionID, SecurityCode2, cFilter cRelatieFilter
cRelatieFilter: Trefwoord, Code, ID! long
cResultGetRelaties: ErrorMsg cError, Relaties ArrayOfCRelatie
ArrayOfCRelatie: [cRelatie]
@GetRelatiesResponse: GetRelatiesResult cResultGetRelaties
@GetOpenPosten: SessionID, SecurityCode2, OpSoort! enOpenpostenSoort
enOpenpostenSoort = Debiteuren | Crediteuren
cResultGetOpenPosten: ErrorMsg cError, Openposten ArrayOfCOpenPost
ArrayOfCOpenPost: [cOpenPost]
cOpenPost: MutDatum! dateTime, MutFactuur, RelCode, RelBedrijf, Bedrag! double, Voldaan! double,
    Openstaand! double
@GetOpenPostenResponse: GetOpenPostenResult cResultGetOpenPosten
@OpenSession: Username, SecurityCode1, SecurityCode2, Source
cResultOpenSession: ErrorMsg cError, SessionID
@OpenSessionResponse: OpenSessionResult cResultOpenSession
@OpenSessionSub: Username, SecurityCode1, SecurityCode2, Source, AdministratieGUID
@OpenSessionSubResponse: OpenSessionSubResult cResultOpenSession
@CloseSession: SessionID
@CloseSessionResponse:
@AutoLogin: Username, SessionID, SecurityCode2
cResultAutoLogin: ErrorMsg cError, Token
@AutoLoginResponse: AutoLoginResult cResultAutoLogin
@GetKostenplaatsen: SessionID, SecurityCode2, cFilter cKostenplaatsFilter
cKostenplaatsFilter: KostenplaatsID long, KostenplaatsParentID long, Omschrijving
cResultGetKostenplaatsen: ErrorMsg cError, Kostenplaatsen ArrayOfCKostenplaats
ArrayOfCKostenplaats: [cKostenplaats]
cKostenplaats: KostenplaatsId! long, Omschrijving, KostenplaatsParentId! long
@GetKostenplaatsenResponse: GetKostenplaatsenResult cResultGetKostenplaatsen
@GetArtikelen: SessionID, SecurityCode2, cFilter cArtikelFilter
cArtikelFilter: ArtikelID long, ArtikelOmschrijving, ArtikelCode, GroepOmschrijving, GroepCode
cResultGetArtikelen: ErrorMsg cError, Artikelen ArrayOfCArtikel
ArrayOfCArtikel: [cArtikel]
cArtikel: ArtikelID! long, ArtikelOmschrijving, ArtikelCode, GroepOmschrijving, GroepCode,
    Eenheid, InkoopprijsExclBTW! decimal, VerkoopprijsExclBTW! decimal, VerkoopprijsInclBTW!
    decimal, BTWCode, TegenrekeningCode, BtwPercentage! decimal, KostenplaatsID! long, Actief!
    boolean
@GetArtikelenResponse: GetArtikelenResult cResultGetArtikelen
"""

SCALARS = frozenset({"string", "long", "decimal", "double", "boolean", "dateTime", "any"})


@dataclass(frozen=True, slots=True)
class Field:
    """One element of a sequence: its name, its type, whether it must be there or may be nil."""

    name: str
    type: str
    required: bool = False
    nillable: bool = False


@dataclass(frozen=True, slots=True)
class Component:
    """One component of the schema.

    `kind` is `element`, `sequence`, `list` or `enumeration`; `item` is set for a list only and
    `values` for an enumeration only.
    """

    name: str
    kind: str
    fields: tuple[Field, ...] = ()
    item: str = ""
    values: tuple[str, ...] = ()


def _read_field(text: str) -> Field:
    name, _, type_name = text.strip().partition(" ")
    bare = name.rstrip("!?")
    marks = name[len(bare) :]
    return Field(bare, type_name.strip() or "string", "!" in marks, "?" in marks)


def _read_component(line: str) -> Component:
    if " = " in line:
        name, values = line.split(" = ")
        return Component(name, "enumeration", values=tuple(v.strip() for v in values.split("|")))
    name, _, rest = line.partition(":")
    rest = rest.strip()
    if rest.startswith("["):
        return Component(name, "list", item=rest.strip("[]"))
    fields = tuple(_read_field(part) for part in rest.split(",")) if rest else ()
    if name.startswith("@"):
        return Component(name[1:], "element", fields)
    return Component(name, "sequence", fields)


def _logical_lines(table: str) -> list[str]:
    lines: list[str] = []
    for raw in table.strip().splitlines():
        if raw.startswith(" "):
            lines[-1] += " " + raw.strip()
        else:
            lines.append(raw.rstrip())
    return lines


COMPONENTS: tuple[Component, ...] = tuple(map(_read_component, _logical_lines(_TABLE)))

ELEMENTS: dict[str, Component] = {c.name: c for c in COMPONENTS if c.kind == "element"}
TYPES: dict[str, Component] = {c.name: c for c in COMPONENTS if c.kind != "element"}

OPERATIONS: tuple[str, ...] = tuple(
    name for name in ELEMENTS if not name.endswith("Response") and name + "Response" in ELEMENTS
)
"""The 20 operations in the order of the port type."""


@cache
def result_field(operation: str) -> Field | None:
    """The single field of an operation's response, or None (`CloseSession` answers nothing)."""
    fields = ELEMENTS[operation + "Response"].fields
    return fields[0] if fields else None
