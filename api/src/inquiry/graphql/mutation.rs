//! Acts on inquiries.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::Inquiry;
use crate::{
    Error,
    context::Intent,
    graphql::{
        errors::UserError,
        request::request,
        scalars::{BusinessId, Citation},
    },
    inquiry::{self, AnswerInput, AskInput},
};

/// Question whether an organisation has a right.
#[derive(InputObject)]
pub struct AskLegalBasisInput {
    /// Business ID of who asks; the caller's organisation when absent. Another only where it took that one's place.
    organisation: Option<BusinessId>,
    /// Code of the register, another body's.
    register: String,
    /// Code of the purpose; none in particular when absent.
    purpose: Option<String>,
    /// Provisions the right may rest on, each once, 1 to 20. Those the registry does not know are taken, and told in
    /// `unknownProvisions`.
    claimed_provisions: Vec<Citation>,
    /// Question in words, at most 4,000 characters. Never personal data.
    message: String,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to askLegalBasis.
#[derive(SimpleObject)]
pub struct AskLegalBasisPayload {
    /// Inquiry as it stands now; null when the input has faults.
    inquiry: Option<Inquiry>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Answer to an inquiry.
#[derive(InputObject)]
pub struct AnswerInquiryInput {
    /// Global identifier.
    id: ID,
    /// Answer in words, at most 4,000 characters. Never personal data.
    answer: String,
    /// Provisions in force that give the right, each once, at most 20; none when absent.
    provisions: Option<Vec<Citation>>,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to answerInquiry.
#[derive(SimpleObject)]
pub struct AnswerInquiryPayload {
    /// Inquiry as it stands now; null when the act was refused.
    inquiry: Option<Inquiry>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Acts on inquiries.
#[derive(Default)]
pub struct InquiryMutation;

#[Object]
impl InquiryMutation {
    /// Asks the controller of a register whether one's organisation has a right to its data, on the law one relies on; the
    /// asker's officer's act. The same question again answers as the first time, with its answer where there is one.
    /// Errors: FORBIDDEN. User errors: BLANK, TOO_LONG, MALFORMED, NOT_FOUND, CONFLICT, PARTY_NOT_ACTIVE.
    async fn ask_legal_basis(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked, and on which law.")] input: AskLegalBasisInput,
    ) -> Result<AskLegalBasisPayload, Error> {
        let request = request(ctx, "askLegalBasis")?;
        let intent = Intent::of(input.validate_only);
        let input = AskInput {
            organisation: input.organisation.map(String::from),
            register: input.register,
            purpose: input.purpose,
            claimed_provisions: input.claimed_provisions.into_iter().map(String::from).collect(),
            message: input.message,
        };
        let outcome = inquiry::ask(request, input, intent).await;
        let (inquiry, user_errors) = UserError::shown(&request.view, outcome, Inquiry::of)?;
        Ok(AskLegalBasisPayload { inquiry, user_errors })
    }

    /// Answers an inquiry, once; the act of the officer of the register's controller. The same answer again changes
    /// nothing. It gives no right by itself: an agreement does. Errors: FORBIDDEN. User errors: BLANK, TOO_LONG, MALFORMED,
    /// NOT_FOUND, CONFLICT, WRONG_STATUS.
    async fn answer_inquiry(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which inquiry, and its answer.")] input: AnswerInquiryInput,
    ) -> Result<AnswerInquiryPayload, Error> {
        let request = request(ctx, "answerInquiry")?;
        let intent = Intent::of(input.validate_only);
        let provisions = input.provisions.unwrap_or_default().into_iter().map(String::from).collect();
        let input = AnswerInput { id: input.id.0, answer: input.answer, provisions };
        let outcome = inquiry::answer(request, input, intent).await;
        let (inquiry, user_errors) = UserError::shown(&request.view, outcome, Inquiry::of)?;
        Ok(AnswerInquiryPayload { inquiry, user_errors })
    }
}
