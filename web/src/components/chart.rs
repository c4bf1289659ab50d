//! Bars, one a day: one hue, the figure on each, and the same as a table for who listens.
//!
//! The bars are SVG, since our policy allows no heights in markup; words stay text, so that they grow with it.

use yew::prelude::*;

/// One bar.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    pub label: AttrValue,
    /// Above the bar.
    pub figure: AttrValue,
    /// In the table.
    pub full: AttrValue,
    pub value: i64,
}

#[derive(Properties, PartialEq)]
pub struct BarsProps {
    pub title: AttrValue,
    /// What `label` and `full` are.
    pub heads: (AttrValue, AttrValue),
    pub bars: Vec<Bar>,
}

/// The bars' own units; the last bar is the one that matters.
const HEIGHT: i64 = 100;

#[component]
pub fn Bars(props: &BarsProps) -> Html {
    let most = props
        .bars
        .iter()
        .map(|bar| bar.value)
        .max()
        .unwrap_or(0)
        .max(1);
    let last = props.bars.len().saturating_sub(1);
    let bars = props.bars.iter().enumerate().map(|(at, bar)| {
        // What was sold at all is seen: two units of a hundred.
        let height = match bar.value {
            ..=0 => 0,
            value => (value.saturating_mul(HEIGHT) / most).max(2),
        };
        html! {
            <div class={classes!("bars-day", (at == last).then_some("bars-last"))}>
                <span class="bars-figure">{ &bar.figure }</span>
                <svg class="bars-svg" viewBox="0 0 10 100" preserveAspectRatio="none" focusable="false">
                    <rect x="0" width="10" y={(HEIGHT - height).to_string()} height={height.to_string()} />
                </svg>
                <span class="bars-label">{ &bar.label }</span>
            </div>
        }
    });
    html! {
        <figure class="bars-box">
            <div class="bars" aria-hidden="true">{ for bars }</div>
            <table class="sr-only">
                <caption>{ &props.title }</caption>
                <thead><tr><th scope="col">{ &props.heads.0 }</th><th scope="col">{ &props.heads.1 }</th></tr></thead>
                <tbody>
                    { for props.bars.iter().map(|bar| html! { <tr><th scope="row">{ &bar.label }</th><td>{ &bar.full }</td></tr> }) }
                </tbody>
            </table>
        </figure>
    }
}
