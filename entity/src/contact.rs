//! Role mailbox of an organisation, or of it for one agreement.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{AgreementId, Codes, ContactId, ContactRole, Day, Language, OrganisationId, Publicity};

/// Role mailbox of an organisation, or of it for one agreement.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "contact")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ContactId,
    /// Organisation.
    pub organisation_id: OrganisationId,
    /// Agreement it serves; null when it serves all.
    pub agreement_id: Option<AgreementId>,
    /// Role.
    pub role: ContactRole,
    /// Finnish name of the mailbox; never a person's name.
    pub name_fi: String,
    /// Swedish name of the mailbox.
    pub name_sv: Option<String>,
    /// English name of the mailbox.
    pub name_en: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Telephone number in international form.
    pub phone: Option<String>,
    /// Languages of service.
    pub languages: Codes<Language>,
    /// Order within a topic, 1 first, at most 9.
    pub priority: i32,
    /// Mailbox that takes the matter on.
    pub escalates_to_id: Option<ContactId>,
    /// Who may see it.
    pub publicity: Publicity,
    /// Day on which it was last confirmed.
    pub confirmed_on: Option<Day>,
    /// Last day of service, included; null while in use.
    pub retired_on: Option<Day>,
}

impl ActiveModelBehavior for ActiveModel {}
