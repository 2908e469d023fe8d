//! Purposes, provisions, registers and entitlements written out.

use entity::{
    entitlement,
    vocabulary::{AuthorityStatus, Channel, ItemCode, Operation, OrganisationKind, RegisterId},
};

use super::{Writer, code, emit::Entry, merged};

impl Writer<'_> {
    pub(super) fn purposes(&self) -> Vec<Entry> {
        let mut rows: Vec<_> = self.facts.purpose.all().collect();
        rows.sort_by_key(|row| &row.code);
        rows.into_iter()
            .map(|row| {
                Entry::default()
                    .with("code", &row.code)
                    .names("name", Some(&row.name_fi), row.name_sv.as_ref(), row.name_en.as_ref())
                    .maybe("dpv_iri", row.dpv_iri.as_ref())
            })
            .collect()
    }

    pub(super) fn legal_bases(&self) -> Vec<Entry> {
        let mut rows: Vec<_> = self.facts.legal_basis.all().collect();
        rows.sort_by_key(|row| (&row.citation, row.valid_from));
        rows.into_iter()
            .map(|row| {
                let (fi, sv, en) = (row.summary_fi.as_deref(), row.summary_sv.as_ref(), row.summary_en.as_ref());
                let aland = row.jurisdiction == entity::vocabulary::Jurisdiction::Ax;
                Entry::default()
                    .with("citation", &row.citation)
                    .maybe("jurisdiction", aland.then(|| code(row.jurisdiction)))
                    .maybe("eli", row.eli.as_ref())
                    .names("title", Some(&row.title_fi), row.title_sv.as_ref(), row.title_en.as_ref())
                    .names("summary", fi, sv, en)
                    .maybe("threshold", row.threshold.map(code))
                    .with("allows_electronic", row.allows_electronic)
                    .with("overrides_secrecy", row.overrides_secrecy)
                    .flag("informs_subject_beforehand", row.informs_subject_beforehand)
                    .with("valid_from", row.valid_from)
                    .maybe("valid_until", row.valid_until)
                    .maybe("superseded_by", row.superseded_by_id.map(|id| self.basis(id)))
                    .with("checked_on", row.checked_on)
                    .with("evidence", code(row.evidence))
                    .with("status", code(row.status))
                    .with("proposed_by", &row.proposed_by)
                    .maybe("confirmed_by", row.confirmed_by.as_ref())
            })
            .collect()
    }

    pub(super) fn registers(&self) -> Vec<Entry> {
        let mut rows: Vec<_> = self.facts.register.all().collect();
        rows.sort_by_key(|row| &row.code);
        rows.into_iter()
            .map(|row| {
                Entry::default()
                    .with("code", &row.code)
                    .names("name", Some(&row.name_fi), row.name_sv.as_ref(), row.name_en.as_ref())
                    .with("controller", self.organisation(row.controller_id))
                    .list("channels", row.channels.0.iter().map(|channel| code(*channel)))
                    .maybe("structure_version", row.structure_version.as_ref())
                    .maybe("structure_url", row.structure_url.as_ref())
                    .list("alternatives", self.alternatives(row.id))
                    .list("qualifiers", self.qualifiers(row.id))
                    .list("items", self.items(row.id))
                    .list("retention_rules", self.retention_rules(row.id))
            })
            .collect()
    }

    fn alternatives(&self, register: RegisterId) -> Vec<Entry> {
        let mut rows: Vec<_> = self.facts.register_alternative.of(register).collect();
        rows.sort_by_key(|row| row.kind);
        let entry = |kind, url| Entry::default().with("kind", code(kind)).maybe("guide_url", url);
        rows.into_iter().map(|row| entry(row.kind, row.guide_url.as_ref())).collect()
    }

    fn qualifiers(&self, register: RegisterId) -> Vec<Entry> {
        let catalogue = self.facts.catalogue(register);
        let rows = catalogue.iter().flat_map(|catalogue| &catalogue.qualifiers);
        rows.map(|row| {
            Entry::default().with("code", &row.code).names(
                "name",
                Some(&row.name_fi),
                row.name_sv.as_ref(),
                row.name_en.as_ref(),
            )
        })
        .collect()
    }

    fn items(&self, register: RegisterId) -> Vec<Entry> {
        let catalogue = self.facts.catalogue(register);
        let rows = catalogue.iter().flat_map(|catalogue| &catalogue.items);
        rows.map(|row| {
            Entry::default()
                .with("code", row.code.as_str())
                .names("name", Some(&row.name_fi), row.name_sv.as_ref(), row.name_en.as_ref())
                .flag("is_personal", row.is_personal)
                .flag("is_secret", row.is_secret)
                .flag("is_identity_code", row.is_identity_code)
                .flag("special_category", row.special_category)
                .flag("is_public", row.is_public)
                .maybe("secrecy_basis", row.secrecy_basis_id.map(|id| self.basis(id)))
                .with("valid_from", row.valid_from)
                .maybe("valid_until", row.valid_until)
        })
        .collect()
    }

    fn retention_rules(&self, register: RegisterId) -> Vec<Entry> {
        let rows = self.facts.retention_rule.of(register);
        let mut entries: Vec<_> = rows
            .map(|row| {
                Entry::default()
                    .maybe("legal_basis", row.legal_basis_id.map(|id| self.basis(id)))
                    .with("years", row.years)
                    .with("source", &row.source)
            })
            .collect();
        entries.sort();
        entries
    }

    /// Entitlements; rows that differ in one column only stand together.
    pub(super) fn entitlements(&self) -> Vec<Entry> {
        let rows = self.facts.entitlement.all().map(|row| {
            let (before, after) = self.entitlement_ends(row);
            let limits = (self.purpose(row.purpose_id), row.channel, row.operation);
            ((before, after, row.recipient_kind, row.authority_status, limits), row.item_code.clone())
        });
        let by_items =
            merged(rows).into_iter().map(|((before, after, kind, status, (purpose, channel, operation)), items)| {
                ((before, after, kind, status, items, channel, operation), purpose)
            });
        let by_purposes =
            merged(by_items).into_iter().map(|((before, after, kind, status, items, channel, operation), purposes)| {
                ((before, after, kind, status, items, purposes, channel), operation)
            });
        let by_operations = merged(by_purposes).into_iter().map(
            |((before, after, kind, status, items, purposes, channel), operations)| {
                ((before, after, kind, status, items, purposes, operations), channel)
            },
        );
        let by_channels = merged(by_operations).into_iter().map(
            |((before, after, kind, status, items, purposes, operations), channels)| {
                ((before, after, (status, kind.is_some()), Ceiling { items, purposes, channels, operations }), kind)
            },
        );
        merged(by_channels)
            .into_iter()
            .map(|((before, after, (status, _), ceiling), kinds)| ceiling.entry(before, after, status, &kinds))
            .collect()
    }

    /// What stands before and after the lists of an entitlement.
    fn entitlement_ends(&self, row: &entitlement::Model) -> (Entry, Entry) {
        let before = Entry::default()
            .with("legal_basis", self.basis(row.legal_basis_id))
            .with("role", code(row.role))
            .with("register", self.register(row.register_id))
            .maybe("recipient", row.recipient_id.map(|id| self.organisation(id)));
        let after = Entry::default()
            .maybe("guide_url", row.guide_url.as_ref())
            .with("valid_from", row.valid_from)
            .maybe("valid_until", row.valid_until)
            .with("status", code(row.status))
            .with("proposed_by", &row.proposed_by)
            .maybe("confirmed_by", row.confirmed_by.as_ref());
        (before, after)
    }
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Ceiling {
    items: Vec<ItemCode>,
    purposes: Vec<String>,
    channels: Vec<Channel>,
    operations: Vec<Operation>,
}

impl Ceiling {
    fn entry(
        &self,
        before: Entry,
        after: Entry,
        status: Option<AuthorityStatus>,
        kinds: &[Option<OrganisationKind>],
    ) -> Entry {
        before
            .list("recipient_kinds", kinds.iter().flatten().map(|kind| code(*kind)))
            .maybe("authority_status", status.map(code))
            .list("items", self.items.iter().map(ItemCode::as_str))
            .list("purposes", &self.purposes)
            .list("channels", self.channels.iter().map(|channel| code(*channel)))
            .list("operations", self.operations.iter().map(|operation| code(*operation)))
            .and(after)
    }
}
