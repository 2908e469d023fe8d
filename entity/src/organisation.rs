//! Authority, public-task body or private body that discloses or receives register data.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{
    AuthorityStatus, BusinessId, CountyCode, Day, IdentifierSource, MunicipalityCode, Oid, OrganisationId,
    OrganisationKind, OvtCode,
};

/// Authority, public-task body or private body that discloses or receives register data.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "organisation")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OrganisationId,
    /// Business ID (Y-tunnus); null for a body outside the Finnish business register.
    pub business_id: Option<BusinessId>,
    /// OVT code derived from the business ID (ISO 6523 0037).
    pub ovt_code: Option<OvtCode>,
    /// Object identifier in social and health care or education.
    pub oid: Option<Oid>,
    /// Finnish name.
    pub name_fi: String,
    /// Swedish name.
    pub name_sv: Option<String>,
    /// English name.
    pub name_en: Option<String>,
    /// What sort of body it is; entitlements are given by kind.
    pub kind: OrganisationKind,
    /// Whether 906/2019 treats it as an authority; decides between 22–23 § and 24 §.
    pub authority_status: AuthorityStatus,
    /// ISO 3166-1 alpha-2 code of its seat.
    pub country: String,
    /// Municipality number; present for municipalities.
    pub municipality_code: Option<MunicipalityCode>,
    /// Wellbeing services county code; present for counties.
    pub county_code: Option<CountyCode>,
    /// Where the business ID was taken from.
    pub identifier_source: IdentifierSource,
    /// Last day of its existence, included; null while it exists.
    pub dissolved_on: Option<Day>,
    /// Body to which its rights and duties passed.
    pub successor_id: Option<OrganisationId>,
}

impl ActiveModelBehavior for ActiveModel {}
