//! Roles, each with its word and the colour of its kind; the colour only repeats the word.

use crdt_model::capability::Role;
use yew::prelude::*;

use crate::hooks::use_app;
use crate::i18n::Words;

pub fn role_name(words: Words, role: Role) -> &'static str {
    match role {
        Role::SuperAdmin => words.role_super_admin(),
        Role::Owner => words.role_owner(),
        Role::Admin => words.role_admin(),
        Role::Manager => words.role_manager(),
        Role::Finance => words.role_finance(),
        Role::Marketing => words.role_marketing(),
        Role::Sales => words.role_sales(),
        Role::Technical => words.role_technical(),
        Role::RecoveryAgent => words.role_recovery_agent(),
        Role::Agent => words.role_agent(),
        Role::Reseller => words.role_reseller(),
    }
}

/// Who leads, who sells, who counts, who builds.
const fn kind(role: Role) -> &'static str {
    match role {
        Role::SuperAdmin | Role::Owner | Role::Admin => "role-lead",
        Role::Manager => "role-manager",
        Role::Finance | Role::RecoveryAgent => "role-money",
        Role::Marketing => "role-marketing",
        Role::Technical => "role-technical",
        Role::Sales | Role::Agent | Role::Reseller => "role-selling",
    }
}

#[derive(Properties, PartialEq)]
pub struct RoleBadgeProps {
    pub role: Role,
    /// Where, if not everywhere.
    #[prop_or_default]
    pub at: Option<AttrValue>,
}

#[component]
pub fn RoleBadge(props: &RoleBadgeProps) -> Html {
    let words = use_app().words();
    let name = role_name(words, props.role);
    let text = match &props.at {
        Some(site) => words.role_at(name, site),
        None => name.to_string(),
    };
    html! { <span class={classes!("role-badge", kind(props.role))}>{ text }</span> }
}
