//! A list of any length of which only the visible part exists: a table with a sticky head on desks, cards on phones.
//!
//! What a list is made of stands in [`Table`] and [`List`]; [`VirtualRows`] asks the worker for the pages in view, keeps the place
//! when rows come in above it, and moves by the keyboard: arrows, Page Up and Down, Home, End; Enter opens. One row
//! at a time is in the order of Tab. Rows have one height each on phones and desks (`--row` in style/lists.css), in `rem`,
//! so that larger letters make taller rows.
//!
//! A row is rendered when it is here, and once. In the place of those on their way the list shows bones, by its style alone.

mod book;
mod place;

use std::cell::RefCell;
use std::rc::Rc;

use gloo_events::EventListener;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, KeyboardEvent};
use yew::prelude::*;
use yew_router::prelude::*;

use super::states::{Failed, Skeleton};
use crate::hooks::worker::WorkerHandle;
use crate::hooks::{App, place as kept, use_app};
use crate::protocol::{Answer, Failure, Query, Request};
use crate::route::Route;
use crate::virtual_list::{PAGE, moved};
use book::Book;
use place::Look;

/// What rows look like.
pub trait Table: PartialEq + 'static {
    type Row: PartialEq + 'static;

    /// Names a row for as long as it lives.
    fn key(row: &Self::Row) -> String;

    /// What Enter or a tap opens.
    fn route(row: &Self::Row) -> Option<Route>;

    /// The names of the columns, seen on desks only.
    fn head(app: &App) -> Html;

    /// The cells of a row, placed by the list's class in style/lists.css.
    fn cells(app: &App, row: &Self::Row) -> Html;
}

/// A table that the worker answers in pages. The value itself is what is asked for: the filters.
pub trait List: Table + Clone {
    /// What stands above the list: the view without its rows.
    type Figures: PartialEq + 'static;

    fn query(&self, offset: u32, limit: u32) -> Query;

    /// An answer taken apart.
    fn page(answer: Answer) -> Option<Page<Self>>;
}

/// One page of a list.
pub struct Page<L: List> {
    /// How many rows there are in all.
    pub count: u32,
    pub rows: Vec<L::Row>,
    pub figures: L::Figures,
}

/// The figures of a list for the screen around it, and who hears them.
pub struct Pages<L: List> {
    pub figures: Option<Rc<L::Figures>>,
    pub hear: Callback<Rc<L::Figures>>,
}

/// What [`VirtualRows`] hears with its pages. The screen is rendered again only when the figures are others: most pages
/// of a scroll say the same.
#[hook]
pub fn use_pages<L: List>() -> Pages<L> {
    let figures = use_state_eq(|| None::<Rc<L::Figures>>);
    let hear = {
        let figures = figures.setter();
        use_callback((), move |heard, ()| figures.set(Some(heard)))
    };
    Pages {
        figures: (*figures).clone(),
        hear,
    }
}

#[derive(Properties, PartialEq)]
pub struct VirtualRowsProps<L: List> {
    pub list: L,
    /// For screen readers.
    pub label: AttrValue,
    /// Says where the cells go: `.list-sales`.
    pub class: AttrValue,
    /// Hears the figures of every page: [`use_pages`].
    pub hear: Callback<Rc<L::Figures>>,
    /// Shown when nothing matches.
    #[prop_or_default]
    pub empty: Html,
    #[prop_or_default]
    pub testid: Option<AttrValue>,
}

#[component]
pub fn VirtualRows<L: List>(props: &VirtualRowsProps<L>) -> Html {
    let app = use_app();
    let node = use_node_ref();
    let book = use_mut_ref(|| Book::<L>::at(kept::row()));
    let render = use_force_update();
    book.borrow_mut().turn_to(&props.list, app.state.revision);
    {
        let book = book.clone();
        use_effect_with((), move |()| move || book.borrow_mut().close());
    }
    let asking = app.worker.clone().map(|worker| Asking {
        book: book.clone(),
        worker,
        hear: props.hear.clone(),
        render: render.clone(),
    });
    {
        let (book, node, render) = (book.clone(), node.clone(), render.clone());
        use_effect_with(asking.clone(), move |asking| {
            let asking = asking.clone();
            let look = move || {
                let seen = place::look(&book, &node);
                if seen == Look::Others {
                    render.force_update();
                }
                // Not only after that render: Yew puts off what comes after one that takes long.
                if seen != Look::Same
                    && let Some(asking) = asking.clone()
                {
                    asking.ask();
                }
            };
            let listeners = web_sys::window().map(|window| {
                let other = look.clone();
                [
                    EventListener::new(&window, "scroll", move |_| look()),
                    EventListener::new(&window, "resize", move |_| other()),
                ]
            });
            move || drop(listeners)
        });
    }
    {
        // After every render: the place on screen follows the book, then what is missing is asked for.
        let (book, node, render) = (book.clone(), node.clone(), render.clone());
        use_effect(move || {
            if place::settle(&book, &node) {
                render.force_update();
            }
            if let Some(asking) = asking {
                asking.ask();
            }
        });
    }
    let onkeydown = {
        let (book, node, render) = (book.clone(), node.clone(), render);
        Callback::from(move |event: KeyboardEvent| {
            if event.ctrl_key() || event.meta_key() || event.alt_key() || event.shift_key() {
                return;
            }
            let Some(layout) = place::layout(&book, &node) else {
                return;
            };
            let seen = layout.seen();
            let to = moved(
                book.borrow().active,
                &event.key(),
                seen.end - seen.first,
                layout.count,
            );
            let Some(to) = to else { return };
            event.prevent_default();
            book.borrow_mut().go(to);
            kept::keep_row(to);
            place::scroll_by(layout.scroll_to(to));
            place::look(&book, &node);
            render.force_update();
        })
    };
    // A tap or Tab may land on any row; the keys go on from there.
    let onfocusin = {
        let book = book.clone();
        Callback::from(move |event: FocusEvent| {
            if let Some(row) = row_of(&event) {
                book.borrow_mut().active = row;
                kept::keep_row(row);
            }
        })
    };

    let onclick = {
        let book = book.clone();
        use_open::<L>(move |row| book.borrow().row(row))
    };

    let mut book = book.borrow_mut();
    let Some(count) = book.count else {
        return match &book.failure {
            Some(failure) => html! { <Failed failure={failure.clone()} /> },
            None => html! { <Skeleton rows=8 /> },
        };
    };
    if count == 0 {
        return props.empty.clone();
    }
    let shown = book.show();
    place::lay(&node, count, shown.first);
    let tab_stop = book.tab_stop();
    let rows = (shown.first..shown.end).filter_map(|index| book.row(index).map(|row| (index, row)));
    let frame = Frame {
        class: &props.class,
        label: &props.label,
        testid: &props.testid,
        count,
        onclick,
        window: Some(Window {
            node,
            tab_stop,
            onkeydown,
            onfocusin,
        }),
    };
    frame.around::<L>(&app, rows)
}

/// What is around the rows of a list.
struct Frame<'a> {
    class: &'a AttrValue,
    label: &'a AttrValue,
    testid: &'a Option<AttrValue>,
    /// Of the rows that there are, not of those that are rendered.
    count: u32,
    onclick: Callback<MouseEvent>,
    /// `None`: all of the rows are rendered.
    window: Option<Window>,
}

/// Of a list of which only the rows in view are rendered, in a space as high as all of them.
struct Window {
    node: NodeRef,
    /// The one row that Tab comes to.
    tab_stop: u32,
    onkeydown: Callback<KeyboardEvent>,
    onfocusin: Callback<FocusEvent>,
}

impl Frame<'_> {
    fn around<L: Table>(self, app: &App, rows: impl Iterator<Item = (u32, Rc<L::Row>)>) -> Html {
        let count = self.count;
        let tab_stop = self.window.as_ref().map(|window| window.tab_stop);
        let rows = rows.map(|(index, row)| {
            let is_tab_stop = tab_stop.is_none_or(|stop| stop == index);
            let key = L::key(&row);
            html! { <Row<L> {key} {row} {index} {count} {is_tab_stop} /> }
        });
        let few = self.window.is_none().then_some("list-few");
        let (onclick, label, testid) = (self.onclick, self.label, self.testid.clone());
        let list = match self.window {
            None => html! {
                <ul class="list-rows" role="list" aria-label={label} data-testid={testid} {onclick}>{ for rows }</ul>
            },
            Some(Window {
                node,
                onkeydown,
                onfocusin,
                ..
            }) => html! {
                <div class="list-space" ref={node}>
                    <ul class="list-rows" role="list" tabindex="-1" aria-label={label} data-testid={testid} {onkeydown} {onfocusin} {onclick}>
                        { for rows }
                    </ul>
                </div>
            },
        };
        html! {
            <div class={classes!("list", few, self.class.clone())}>
                <div class="list-head" aria-hidden="true">{ L::head(app) }</div>
                { list }
            </div>
        }
    }
}

/// What a click on a row does; the list hears it for all of them. A row is a link, so that with a modifier the browser opens a tab.
#[hook]
fn use_open<L: Table>(
    row_at: impl Fn(u32) -> Option<Rc<L::Row>> + 'static,
) -> Callback<MouseEvent> {
    let navigator = use_navigator();
    Callback::from(move |event: MouseEvent| {
        if event.ctrl_key() || event.meta_key() || event.shift_key() {
            return;
        }
        let route = row_of(&event)
            .and_then(&row_at)
            .and_then(|row| L::route(&row));
        if let (Some(navigator), Some(route)) = (&navigator, route) {
            event.prevent_default();
            navigator.push(&route);
        }
    })
}

/// The row that an event is about.
fn row_of(event: &Event) -> Option<u32> {
    // An icon in a row is no `HtmlElement`.
    let target = event.target()?.dyn_into::<Element>().ok()?;
    let row = target.closest("[aria-posinset]").ok().flatten()?;
    let position = row.get_attribute("aria-posinset")?.parse::<u32>().ok()?;
    position.checked_sub(1)
}

/// A list on its way from the worker.
struct Asking<L: List> {
    book: Rc<RefCell<Book<L>>>,
    worker: WorkerHandle,
    hear: Callback<Rc<L::Figures>>,
    render: UseForceUpdateHandle,
}

impl<L: List> Asking<L> {
    /// Asks for the pages that are missing.
    fn ask(self) {
        let (turn, wanted) = self.book.borrow_mut().wanted();
        let asking = Rc::new(self);
        for page in wanted {
            let Some(query) = asking.book.borrow().query(page) else {
                return;
            };
            let asking = asking.clone();
            spawn_local(async move {
                let result = asking.worker.call(Request::Query(query)).await;
                if asking.book.borrow().is_at(turn) {
                    asking.take_in(page, result);
                }
            });
        }
    }

    fn take_in(&self, page: u32, result: Result<Answer, Failure>) {
        let taken = self.book.borrow_mut().take_in(page, result);
        if let Some(figures) = taken.figures {
            self.hear.emit(figures.into());
        }
        if taken.is_seen {
            // What is still missing is asked for after that.
            self.render.force_update();
        } else {
            self.clone().ask();
        }
    }
}

/// The same list, heard by the same screen.
impl<L: List> PartialEq for Asking<L> {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.book, &other.book)
            && self.worker == other.worker
            && self.hear == other.hear
    }
}

impl<L: List> Clone for Asking<L> {
    fn clone(&self) -> Self {
        Self {
            book: self.book.clone(),
            worker: self.worker.clone(),
            hear: self.hear.clone(),
            render: self.render.clone(),
        }
    }
}

#[derive(Properties, PartialEq)]
pub struct FewRowsProps<L: Table> {
    pub rows: Vec<Rc<L::Row>>,
    /// For screen readers.
    pub label: AttrValue,
    pub class: AttrValue,
    #[prop_or_default]
    pub testid: Option<AttrValue>,
}

/// Rows that are all here and all rendered, looking like a list of any length. They may be of several lines.
#[component]
pub fn FewRows<L: Table>(props: &FewRowsProps<L>) -> Html {
    let app = use_app();
    let count = u32::try_from(props.rows.len()).unwrap_or(u32::MAX);
    let onclick = {
        let rows = props.rows.clone();
        use_open::<L>(move |row| rows.get(usize::try_from(row).ok()?).cloned())
    };
    let frame = Frame {
        class: &props.class,
        label: &props.label,
        testid: &props.testid,
        count,
        onclick,
        window: None,
    };
    frame.around::<L>(&app, (0..count).zip(props.rows.iter().cloned()))
}

#[derive(Properties, PartialEq)]
struct RowProps<L: Table> {
    row: Rc<L::Row>,
    index: u32,
    count: u32,
    is_tab_stop: bool,
}

#[component]
fn Row<L: Table>(props: &RowProps<L>) -> Html {
    let app = use_app();
    let tabindex = if props.is_tab_stop { "0" } else { "-1" };
    let cells = L::cells(&app, &props.row);
    let inside = match L::route(&props.row) {
        None => html! { <div class="list-row" {tabindex}>{ cells }</div> },
        Some(route) => {
            html! { <a class="list-row" href={route.to_path()} {tabindex}>{ cells }</a> }
        }
    };
    html! {
        <li aria-setsize={props.count.to_string()} aria-posinset={(props.index + 1).to_string()}>{ inside }</li>
    }
}

/// Rows asked for before anything is known of the window.
const FIRST_ROWS: u32 = PAGE;
