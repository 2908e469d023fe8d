//! Acts on registers and their items.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::vocabulary::{AlternativeKind, Channel};

use super::{DataItem, Register};
use crate::{
    Error,
    context::Intent,
    graphql::{
        errors::UserError,
        names::LocalisedTextInput,
        request::request,
        said::Said,
        scalars::{Citation, ItemCode},
    },
    register::{self, AlternativeInput, DataItemInput, QualifierInput, RegisterInput},
};

/// Way to data other than an agreement.
#[derive(InputObject)]
pub struct RegisterAlternativeInput {
    /// Which way.
    kind: Said<AlternativeKind>,
    /// Web address of instructions, `https` and at most 200 characters.
    guide_url: Option<String>,
}

/// Value that narrows items.
#[derive(InputObject)]
pub struct DataItemQualifierInput {
    /// Segment after the at sign, `[A-Z][A-Z0-9_]*`.
    code: String,
    /// Name.
    name: LocalisedTextInput,
}

/// Content of a register.
#[derive(InputObject)]
pub struct RegisterContentInput {
    /// Name.
    name: LocalisedTextInput,
    /// Channels over which it is offered, at least one.
    channels: Vec<Said<Channel>>,
    /// Ways to the data other than an agreement, each kind at most once; none when absent.
    alternatives: Option<Vec<RegisterAlternativeInput>>,
    /// Closed list of values that narrow its items, at most 100; none when absent.
    qualifiers: Option<Vec<DataItemQualifierInput>>,
    /// Version of the data-structure description, at most 200 characters.
    structure_version: Option<String>,
    /// Web address of that description, `https` and at most 200 characters.
    structure_url: Option<String>,
}

impl From<RegisterContentInput> for RegisterInput {
    fn from(content: RegisterContentInput) -> Self {
        let alternatives = content.alternatives.unwrap_or_default().into_iter();
        let qualifiers = content.qualifiers.unwrap_or_default().into_iter();
        Self {
            name: content.name.into(),
            channels: content.channels.into_iter().map(|channel| channel.0).collect(),
            alternatives: alternatives
                .map(|given| AlternativeInput { kind: given.kind.0, guide_url: given.guide_url })
                .collect(),
            qualifiers: qualifiers.map(|given| QualifierInput { code: given.code, name: given.name.into() }).collect(),
            structure_version: content.structure_version,
            structure_url: content.structure_url,
        }
    }
}

/// Register to be offered. Its controller is the caller's organisation.
#[derive(InputObject)]
pub struct OfferRegisterInput {
    /// Code, `[A-Z][A-Z0-9_]*`, at most 100 characters; never changes.
    code: String,
    /// Content.
    #[graphql(flatten)]
    content: RegisterContentInput,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to offerRegister.
#[derive(SimpleObject)]
pub struct OfferRegisterPayload {
    /// Register; null when the input has faults.
    register: Option<Register>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Register to be amended.
#[derive(InputObject)]
pub struct AmendRegisterInput {
    /// Global identifier.
    id: ID,
    /// Content, the whole of it.
    #[graphql(flatten)]
    content: RegisterContentInput,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to amendRegister.
#[derive(SimpleObject)]
pub struct AmendRegisterPayload {
    /// Register as it stands now; null when the act was refused.
    register: Option<Register>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Data item to be added.
#[derive(InputObject)]
pub struct AddDataItemInput {
    /// Code of the register.
    register: String,
    /// Dotted code without qualifier; from the third segment on, the node above it must exist.
    code: ItemCode,
    /// Name.
    name: LocalisedTextInput,
    /// Whether it is personal data.
    #[graphql(default)]
    is_personal: bool,
    /// Whether it is secret by law.
    #[graphql(default)]
    is_secret: bool,
    /// Whether it holds personal identity codes.
    #[graphql(default)]
    is_identity_code: bool,
    /// Whether it belongs to a special category of personal data (GDPR article 9).
    #[graphql(default)]
    special_category: bool,
    /// Whether anyone may have it.
    #[graphql(default)]
    is_public: bool,
    /// Provision that makes it secret; needed when it is.
    secrecy_basis: Option<Citation>,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

impl From<AddDataItemInput> for DataItemInput {
    fn from(input: AddDataItemInput) -> Self {
        Self {
            register: input.register,
            code: input.code.into(),
            name: input.name.into(),
            is_personal: input.is_personal,
            is_secret: input.is_secret,
            is_identity_code: input.is_identity_code,
            special_category: input.special_category,
            is_public: input.is_public,
            secrecy_basis: input.secrecy_basis.map(String::from),
        }
    }
}

/// Answer to addDataItem.
#[derive(SimpleObject)]
pub struct AddDataItemPayload {
    /// Item; null when the input has faults.
    item: Option<DataItem>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Data item to be retired.
#[derive(InputObject)]
pub struct RetireDataItemInput {
    /// Global identifier.
    id: ID,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to retireDataItem.
#[derive(SimpleObject)]
pub struct RetireDataItemPayload {
    /// Item as it stands now; null when the act was refused.
    item: Option<DataItem>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Acts on registers and their items.
#[derive(Default)]
pub struct RegisterMutation;

#[Object]
impl RegisterMutation {
    /// Offers a register of the caller's organisation; its officer's act. The same code with the same content answers as
    /// the first time. Errors: FORBIDDEN. User errors: BLANK, TOO_LONG, MALFORMED, CONFLICT.
    async fn offer_register(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to offer.")] input: OfferRegisterInput,
    ) -> Result<OfferRegisterPayload, Error> {
        let request = request(ctx, "offerRegister")?;
        let intent = Intent::of(input.validate_only);
        let outcome = register::offer(request, input.code, input.content.into(), intent).await;
        let (register, user_errors) = UserError::shown(&request.view, outcome, Register::of)?;
        Ok(OfferRegisterPayload { register, user_errors })
    }

    /// Amends a register; its controller's officer's act. Channels that are open and qualifiers that are used stay. Errors:
    /// FORBIDDEN. User errors: BLANK, TOO_LONG, MALFORMED, NOT_FOUND, CONFLICT.
    async fn amend_register(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which register, and its content.")] input: AmendRegisterInput,
    ) -> Result<AmendRegisterPayload, Error> {
        let request = request(ctx, "amendRegister")?;
        let intent = Intent::of(input.validate_only);
        let outcome = register::amend(request, input.id.0, input.content.into(), intent).await;
        let (register, user_errors) = UserError::shown(&request.view, outcome, Register::of)?;
        Ok(AmendRegisterPayload { register, user_errors })
    }

    /// Adds an item to a register, from now on; its controller's officer's act. No scope defined before holds it: a question
    /// of a node above it asks for it too and is denied until a scope holds it; what stood before is asked by its own codes.
    /// The same code with the same content answers as the first time. Errors: FORBIDDEN. User errors: BLANK, TOO_LONG,
    /// MALFORMED, NOT_FOUND, CONFLICT.
    async fn add_data_item(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to add.")] input: AddDataItemInput,
    ) -> Result<AddDataItemPayload, Error> {
        let request = request(ctx, "addDataItem")?;
        let intent = Intent::of(input.validate_only);
        let outcome = register::add_data_item(request, input.into(), intent).await;
        let (item, user_errors) = UserError::shown(&request.view, outcome, DataItem::of)?;
        Ok(AddDataItemPayload { item, user_errors })
    }

    /// Retires an item from now on; its controller's officer's act. Refused while an open scope names exactly this item.
    /// Errors: FORBIDDEN. User errors: MALFORMED, NOT_FOUND, CONFLICT, WRONG_STATUS.
    async fn retire_data_item(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which item.")] input: RetireDataItemInput,
    ) -> Result<RetireDataItemPayload, Error> {
        let request = request(ctx, "retireDataItem")?;
        let intent = Intent::of(input.validate_only);
        let outcome = register::retire_data_item(request, input.id.0, intent).await;
        let (item, user_errors) = UserError::shown(&request.view, outcome, DataItem::of)?;
        Ok(RetireDataItemPayload { item, user_errors })
    }
}
