//! A QR code as one SVG path.

use std::fmt::Write as _;

use fast_qr::{ECL, QRBuilder};
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct QrProps {
    pub text: AttrValue,
    pub label: AttrValue,
}

#[component]
pub fn Qr(props: &QrProps) -> Html {
    let drawn = use_memo(props.text.clone(), |text| draw(text));
    let Some((size, path)) = (*drawn).clone() else {
        return Html::default();
    };
    html! {
        <svg class="qr" viewBox={format!("-2 -2 {0} {0}", size + 4)} role="img" aria-label={props.label.clone()}>
            <path class="qr-paper" d={format!("M-2 -2h{0}v{0}h-{0}z", size + 4)} />
            <path class="qr-ink" d={path} shape-rendering="crispEdges" />
        </svg>
    }
}

/// Modules a side, and the dark runs of each row. `None`: more text than a QR code holds.
fn draw(text: &str) -> Option<(usize, String)> {
    let code = QRBuilder::new(text.as_bytes()).ecl(ECL::M).build().ok()?;
    let mut path = String::new();
    for y in 0..code.size {
        let mut x = 0;
        while x < code.size {
            let start = x;
            while x < code.size && code[y][x].value() {
                x += 1;
            }
            if x > start {
                let _ = write!(path, "M{start} {y}h{}v1h-{}z", x - start, x - start);
            }
            x += 1;
        }
    }
    Some((code.size, path))
}
